"""The files of a project, with what a command would change laid over them.

Reads are remembered and writes stay in memory: `plan` tells both, `commit` writes them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sourcewright.changes import FileChange, Pending, Plan
from sourcewright.errors import UnsafePath

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = ".sourcewright"
LARGEST = 4 * 1024 * 1024  # bytes of a file that is edited or compared


def locate(root: Path, path: str) -> Path:
    """Return the place of `path`, relative and with `/`, inside the project.

    Whatever reads or writes a path that a project's files name goes through here.

    Raises:
        UnsafePath: it leads out of the project, into git's own files, or through a
            symbolic link.
    """
    parts = path.split("/")
    odd = any(part in {"", ".", ".."} for part in parts)
    if odd or "\\" in path or "\0" in path or ":" in parts[0]:
        what = f'"{path}" is not a plain path inside the project'
        raise UnsafePath(
            what,
            where=path,
            next_step="write it relative to the project, with / and without ..",
        )
    if any(_is_git(part) for part in parts):
        what = f'"{path}" leads into git\'s own files'
        raise UnsafePath(
            what,
            where=path,
            next_step="remove what names it: no connector needs such a file",
        )
    place = root
    for part in parts:
        place = place / part
        if place.is_symlink():
            link = place.relative_to(root).as_posix()
            what = f'"{path}" leads through a symbolic link'
            raise UnsafePath(
                what,
                where=link,
                next_step=f"replace {link} by a real file or folder",
            )
    return place


def _is_git(part: str) -> bool:
    """Return whether some file system takes a name for git's own folder.

    Case, and what Windows (a stream, dots and blanks at the end, a short name) and
    macOS (invisible characters) leave out of a name, count for nothing.
    """
    visible = "".join(each for each in part if unicodedata.category(each) != "Cf")
    name = visible.partition(":")[0].rstrip(". ").casefold()
    return name == ".git" or name.startswith("git~")


def read_text(root: Path, path: str) -> str | None:
    r"""Return a text as it is, with its BOM and its newlines; None if there is no file.

    Raises:
        UnsafePath: the path leads out of the project, or into git's own files.
        UnicodeDecodeError: it isn't UTF-8.
        OSError: it can't be read, or is larger than `LARGEST` bytes.
    """
    place = locate(root, path)
    try:
        with place.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    if len(content) > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content.decode("utf-8")


def sha256(text: str | None) -> str | None:
    """Return the hash of a file's text; None for a file that isn't there."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def plain(path: object) -> str | None:
    """Return a path as a tool's settings have it in the form that `locate` takes.

    A dot is the project's own folder; None is what leads out of it, or is no path.
    """
    if not isinstance(path, str):
        return None
    found = PurePosixPath(path.strip())
    odd = ".." in found.parts or any(each in path for each in "\\\0:")
    return None if odd or found.is_absolute() else str(found)


class Tree:
    """A project as a command sees it: the disk, and its own changes over it."""

    def __init__(self, root: Path) -> None:
        """Begin with what is on the disk."""
        self.root = root
        self._before: dict[str, str | None] = {}
        self._after: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """Read a text; None where no file is.

        Raises:
            UnsafePath: the path leads out of the project.
            UnicodeDecodeError: it isn't UTF-8.
            OSError: it can't be read.
        """
        if path not in self._after:
            try:
                self._before[path] = read_text(self.root, path)
            except (OSError, UnicodeDecodeError):
                self._before[path] = None
                raise
            self._after[path] = self._before[path]
        return self._after[path]

    def put(self, path: str, text: str | None) -> None:
        """Lay a text over the file; None takes the file away.

        Raises:
            UnsafePath: the path leads out of the project.
            UnicodeDecodeError: what is there isn't UTF-8.
            OSError: what is there can't be read.
        """
        self.text(path)
        self._after[path] = text

    def names(self, folder: str) -> set[str]:
        """Return the names of files and folders right below a folder; "" is the root.

        Raises:
            UnsafePath: the path leads out of the project.
        """
        place = locate(self.root, folder) if folder else self.root
        found = {each.name for each in place.iterdir()} if place.is_dir() else set()
        prefix = f"{folder}/" if folder else ""
        for path, text in self._after.items():
            if path.startswith(prefix):
                name, below, _ = path[len(prefix) :].partition("/")
                if text is not None:
                    found.add(name)
                elif not below:
                    found.discard(name)
        return found

    def applications(self) -> list[str]:
        """Return the ids of the ledger's folders, sorted; none without a ledger."""
        files = ("answers.yml", "edits.yml", "woven.yml")
        return sorted(
            name
            for name in self.names(LEDGER)
            if not name.startswith(".")
            and any(
                self._after.get(f"{LEDGER}/{name}/{file}") is not None
                or (
                    f"{LEDGER}/{name}/{file}" not in self._after
                    and locate(self.root, f"{LEDGER}/{name}/{file}").exists()
                )
                for file in files
            )
        )

    def plan(self, pending: tuple[tuple[str, Pending], ...] = ()) -> Plan:
        """Return every change, the ledger's last, and all that was read besides."""
        files = [
            FileChange(path, before, self._after.get(path))
            for path, before in sorted(
                self._before.items(),
                key=lambda each: (each[0].startswith(f"{LEDGER}/"), each[0]),
            )
        ]
        return Plan(
            changes=tuple(each for each in files if each.before != each.after),
            pending=pending,
            verified=tuple(each for each in files if each.before == each.after),
        )
