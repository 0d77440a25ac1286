"""Run a command that never outlives us.

Every command goes through a watcher, a tiny Python process in a session of its own. We
hold one end of a pipe, the watcher the other. The kernel closes our end however we go:
exit, exception, SIGINT, SIGTERM, SIGKILL. The watcher then stops the command with all
that it started, removes the folders it was told of, and ends.

Why not Linux's PR_SET_PDEATHSIG: macOS has none; it is forgotten when a process changes
its user, as PostgreSQL must under root; it follows the thread that started the command,
not the process; and it cannot remove a folder.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

WATCHER = Path(__file__).with_name("watcher.py")
POLL_SECONDS = 0.05
LAST_LINES = 15
# What to do about a command that should have run.
SEE_LOG = "the lines above say why; another port may help"


class Leash:
    """One running command, stopped when the `with` block is left or we die.

    Args:
        command: Program and arguments. Every user of the machine can read them, so
            secrets belong in `environment`.
        log: Takes what the command prints, standard output and error together.
        environment: All of the command's environment; ours when it is not given.
        user: Run as this user; only root may ask for another.
        stop_signal: Goes to the command's process group; SIGKILL follows after `grace`
            seconds.
        folders: Removed when the command is stopped or we die. A command that ends by
            itself leaves them.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 10.0,
        folders: Sequence[Path] = (),
    ) -> None:
        """Start the command."""
        self.log = log
        self._grace = grace
        order = {
            "command": [str(part) for part in command],
            "user": user,
            "stop_signal": stop_signal,
            "grace": grace,
            "folders": [str(folder.resolve()) for folder in folders],
        }
        with log.open("ab") as output:
            self._watcher = subprocess.Popen(
                [sys.executable, "-I", "-S", WATCHER, json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        """Nothing to do: the command is running since it was made."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the command."""
        self.stop()

    def stop(self) -> None:
        """Stop the command, if it still runs, and wait until it is gone."""
        assert self._watcher.stdin is not None  # noqa: S101 - we asked for a pipe
        self._watcher.stdin.close()
        self._watcher.wait(timeout=self._grace + 10)

    def exit_code(self) -> int | None:
        """None while the command runs; 128 + n where signal n ended it."""
        return self._watcher.poll()

    def succeed(self, *, seconds: float | None = None) -> None:
        """Wait for the command's own end, however long it takes where None is given.

        Raises:
            CommandFailedError: it ended with another code than 0, or `seconds` passed.
        """
        try:
            code = self._watcher.wait(timeout=seconds)
        except subprocess.TimeoutExpired as err:
            reason = f"it still runs after {seconds:g} s"
            raise CommandFailedError(reason, self.log) from err
        if code != 0:
            raise CommandFailedError(_ended(code), self.log)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `ready()` holds.

        Raises:
            CommandFailedError: the command ended first, or `seconds` have passed.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if (code := self.exit_code()) is not None:
                raise CommandFailedError(_ended(code), self.log)
            if time.monotonic() > deadline:
                reason = f"it was not ready after {seconds:g} s"
                raise CommandFailedError(reason, self.log)
            time.sleep(POLL_SECONDS)


class CommandFailedError(Exception):
    """A command ended, or didn't get ready; carries the end of its log."""

    def __init__(self, reason: str, log: Path) -> None:
        """Read the log now: its folder may be gone when the message is shown."""
        self.reason = reason
        self.last_lines = last_lines(log)
        super().__init__(f"{reason}\n{self.last_lines}".rstrip())


def _ended(code: int) -> str:
    return f"it ended with code {code}"


def last_lines(log: Path) -> str:
    """Return the last lines of a log, or nothing where there is none."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LAST_LINES:])
