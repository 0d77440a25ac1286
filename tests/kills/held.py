"""A real command, held before its first write, to go on from there many times."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kills.command import Ended, strace

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from tests.kills.command import Command
    from tests.kills.state import State
    from tests.kills.traced import Point

PROGRAM = Path(__file__).with_name("held_program.py")


class Held:
    """A process that is `python -m sourcewright …` up to its first write.

    What it knows of the project it knows from then on: before each `go_on` the project
    has to be as it was.
    """

    def __init__(self, command: Command) -> None:
        """Start the command, and go on once to learn its points and what it makes."""
        self.command = command
        self._process = subprocess.Popen(
            [sys.executable, PROGRAM, str(command.root), *command.arguments],
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        done = self.go_on()
        assert done.code == 0, done.said
        self.points: list[Point] = command.points()
        self.after: State = command.stands()
        command.restore()

    def go_on(self, *options: str) -> Ended:
        """Let a fork of the process go on under strace, to its end."""
        said = self.command.folder / "said"
        child = int(self._ask(f"{said}\n"))
        tracer = subprocess.Popen(
            [*strace(self.command.trace), *options, "-p", str(child)],
            stderr=subprocess.PIPE,
            text=True,
        )
        with tracer:
            assert tracer.stderr is not None
            told = tracer.stderr.readline()
            os.kill(child, signal.SIGCONT if "attached" in told else signal.SIGKILL)
            status = int(self._answer())
            rest = tracer.stderr.read()
        assert "attached" in told, told + rest
        return Ended(os.waitstatus_to_exitcode(status), said.read_text("utf-8"))

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        told = self._process.stdout.readline().decode()
        assert told, "the command ended without a write"
        return told

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process that is held."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
