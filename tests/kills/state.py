"""What stands in a project: every byte of every file, the folders, the permissions."""

from __future__ import annotations

import os
from pathlib import Path

State = dict[str, tuple[int, bytes | None]]


def state(root: Path) -> State:
    """Return what is below `root`, hidden or not, but for git's own folder.

    A project without anything in it, and one whose folder isn't there, are the same.
    """
    found: State = {}
    for folder, folders, files in os.walk(root, onerror=_fail):
        if Path(folder) == root and ".git" in folders:
            folders.remove(".git")
        for name in (*folders, *files):
            place = Path(folder, name)
            mode = place.lstat().st_mode
            text = place.read_bytes() if name in files else None
            found[place.relative_to(root).as_posix()] = (mode, text)
    return found


def difference(one: State, other: State) -> str:
    """Name what differs, for a message."""
    paths = (
        path for path in one.keys() | other.keys() if one.get(path) != other.get(path)
    )
    return ", ".join(sorted(paths)) or "nothing"


def without_journal(stands: State) -> State:
    """Leave out what a command that ended may leave for the next one to remove."""
    journal = ".sourcewright-journal"
    return {
        path: each
        for path, each in stands.items()
        if path != journal and not path.startswith(f"{journal}/")
    }


def _fail(err: OSError) -> None:
    if not isinstance(err, FileNotFoundError):
        raise err
