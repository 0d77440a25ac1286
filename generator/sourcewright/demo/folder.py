"""Replace a folder as a whole, or leave it as it was."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sourcewright.errors import SourcewrightError


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Return an empty folder beside `folder`, which takes its place at the block's end.

    After an exception, or Ctrl-C, `folder` is as it was. After a kill it is too, and
    what was left beside it goes when this is called again.

    Raises:
        SourcewrightError: another process is at it.
    """
    staging = folder.with_name(f".{folder.name}.new")
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
        _remove(staging, former)
        staging.mkdir()
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
        if folder.exists():
            shutil.rmtree(folder)
