"""Replace a folder as a whole, or leave it as it was."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sourcewright.errors import SourcewrightError
from sourcewright.services.leash import Leash

# Does nothing; its watcher removes what a kill of ours leaves.
IDLE = (sys.executable, "-I", "-S", "-c", "import time; time.sleep(1e9)")


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Return an empty folder beside `folder`, which takes its place at the block's end.

    After an exception, Ctrl-C or a kill, `folder` is as it was and nothing is left
    beside it. After a kill between the two renames, the next call restores `folder`.

    Raises:
        SourcewrightError: another process is at it.
    """
    # Of our own: what watches over that of a killed process may still be removing it.
    staging = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    former = folder.with_name(f".{folder.name}.old")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            message = f"another process is writing {folder}"
            raise SourcewrightError(
                message, next_step="wait for it, or stop it"
            ) from err
        if former.exists() and not folder.exists():
            former.rename(folder)  # we were killed between the two renames below
        _remove(*folder.parent.glob(f".{folder.name}.*.new"), former)
        staging.mkdir()
        with Leash(IDLE, log=Path(os.devnull), folders=[staging]):
            try:
                yield staging
                if folder.exists():
                    folder.rename(former)
                staging.rename(folder)
            finally:
                if former.exists() and not folder.exists():
                    former.rename(folder)
                _remove(staging, former)


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
