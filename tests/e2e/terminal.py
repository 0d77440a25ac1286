"""A program on a terminal of its own: what it shows, and what is typed into it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

_PATIENCE = 60
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>78]|\x07|\r")

ENTER, CTRL_C, CTRL_D, CLEAR_LINE = "\r", "\x03", "\x04", "\x15"


class Terminal:
    """A running program; `shown` is all that it wrote so far, without colours."""

    def __init__(
        self, command: list[str | Path], folder: Path, environment: dict[str, str]
    ) -> None:
        self._ours, theirs = pty.openpty()
        # Terminals tell where the cursor is; this one doesn't, and need not be asked.
        quiet = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, **quiet},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # A session of its own, with the terminal as what Ctrl-C is pressed on.
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # this process has one thread
        )
        os.close(theirs)
        self._seen = 0
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def until(self, text: str) -> str:
        """Wait for a text; return what was shown since the last one, it included."""
        end = time.monotonic() + _PATIENCE
        while text not in self.shown[self._seen :]:
            assert self._read(end), f"no {text!r} in:\n{self.shown}"
        start = self._seen
        self._seen = self.shown.index(text, start) + len(text)
        return self.shown[start : self._seen]

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def ends(self) -> int:
        """Wait for the program's end; return its exit code."""
        end = time.monotonic() + _PATIENCE
        while self._read(end):
            pass
        return self._process.wait(_PATIENCE)

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select(
            [self._ours], [], [], max(end - time.monotonic(), 0)
        )
        data = b""
        with suppress(OSError):  # so it ends on Linux
            data = os.read(self._ours, 65_536) if ready else b""
        self.shown += _CONTROL.sub("", data.decode("utf-8", "replace"))
        return bool(data)


def _take_terminal() -> None:
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
