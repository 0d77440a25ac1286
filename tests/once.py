"""What is made once for all processes that run our tests side by side."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


class Once:
    """Folders that the first process that wants them makes; nobody changes them."""

    def __init__(self, base: Path) -> None:
        """Make them below a folder that all processes know."""
        self._base = base / "once"
        self._base.mkdir(exist_ok=True)

    def folder(self, name: str, make: Callable[[Path], object] = Path.mkdir) -> Path:
        """Return the folder of this name; `make` is given its path, to make it."""
        folder, done = self._base / name, self._base / f"{name}.done"
        with (self._base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder
