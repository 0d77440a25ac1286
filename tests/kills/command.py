"""A command of the generator, the project that it changes, and both ends of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.kills.state import state
from tests.kills.traced import CALLS, calls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kills.state import State
    from tests.kills.traced import Point

KILLED = -9
PROGRAM = (sys.executable, "-m", "sourcewright")
# A command that puts back what was interrupted, and then has nothing to do.
NEXT = ("remove", "nothing")


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, negative for a signal, and what it said."""

    code: int
    said: str


def strace(trace: Path) -> tuple[str, ...]:
    """Give strace with what `points` needs to read its output."""
    return ("strace", "-y", "-s", "0", "-o", str(trace), "-e", f"trace={CALLS}")


class Command:
    """`python -m sourcewright` with arguments, on a project that can be had again.

    `given` is the project before it; where there is none, the command makes one.
    """

    def __init__(
        self,
        *arguments: str,
        given: Path | None,
        folder: Path,
        environment: dict[str, str],
        root: Path | None = None,
    ) -> None:
        """Lay out a folder for the project and for what is written about it."""
        self.name = arguments[0]
        self.given = given
        self.folder = folder
        self.root = root or folder / "acme"
        self.trace = folder / "trace"
        temporary = folder / "temporary"
        temporary.mkdir(parents=True)
        self.environment = {
            **environment,
            "TMPDIR": str(temporary),
            # The same calls in the same order, each time.
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        place = (
            (str(self.root),) if self.name == "new" else ("--project", str(self.root))
        )
        self.arguments = (*arguments, *place)
        self.restore()
        self.before = state(self.root)

    def restore(self) -> None:
        """Make the project what it was before the command."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.given is not None:
            shutil.copytree(self.given, self.root, symlinks=True)

    def run(self, *before: str) -> Ended:
        """Run the whole command; `before` are words to put before it."""
        return self._run([*before, *PROGRAM, *self.arguments])

    def run_traced(self, *options: str) -> Ended:
        """Run the whole command under strace, from its start to its end."""
        return self.run(*strace(self.trace), *options)

    def run_next(self) -> Ended:
        """Run what comes next: a command that has nothing else to do."""
        if not self.root.exists():
            return Ended(1, "")
        return self._run([*PROGRAM, *NEXT, "--project", str(self.root)])

    def points(self) -> list[Point]:
        """Return the last run's calls that change the project."""
        return [each for each in self.calls() if each.path is not None]

    def calls(self) -> list[Point]:
        """Return all writing calls of the last run."""
        return calls(self.trace, self.root)

    def stands(self) -> State:
        """Return what stands in the project now."""
        return state(self.root)

    def _run(self, command: list[str]) -> Ended:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        # strace ends itself by the signal that ended the process.
        return Ended(done.returncode, done.stdout)
