"""A disk of a few megabytes, and how much room is left on it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PAGE = 4096


class Disk:
    """A file system in memory, of which one folder takes the room."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filler = path / "filler"

    def leave(self, what: str, number: int) -> None:
        """Leave room for that many pages, or for that many files and folders."""
        self.empty()
        self.filler.mkdir()
        free = os.statvfs(self.path)
        if what == "pages":
            with (self.filler / "pages").open("wb") as stream:
                size = (free.f_bavail - number) * PAGE
                os.posix_fallocate(stream.fileno(), 0, size)
        else:
            for each in range(free.f_favail - number):
                (self.filler / str(each)).touch()

    def empty(self) -> None:
        """Return all the room back."""
        shutil.rmtree(self.filler, ignore_errors=True)


@contextmanager
def disk_at(path: Path, size: str) -> Iterator[Disk]:
    """Mount a disk; skip the test where nobody may."""
    path.mkdir()
    options = f"size={size},nr_inodes=600,mode=755"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no small disk can be had here: {done.stderr.strip()}")
    yield Disk(path)
    subprocess.run(["umount", "--lazy", path], check=True)
