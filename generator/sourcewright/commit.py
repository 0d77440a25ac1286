"""The only writer: verify every hash, write siblings, replace, the ledger last.

On any failure what was replaced already is put back.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sourcewright.changes import FileChange
from sourcewright.errors import CommitFailed, StaleFile
from sourcewright.project import LEDGER, locate, read_text, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sourcewright.changes import Plan


def commit(root: Path, plan: Plan) -> None:
    """Write exactly what the plan says, or nothing.

    Raises:
        UnsafePath: a path leads out of the project.
        StaleFile: a file is not what the plan was computed from.
        CommitFailed: a write failed; every file is as it was.
    """
    _verify(root, [*plan.verified, *plan.changes])
    # Last on purpose: the ledger marks the edits as done.
    ordered = sorted(plan.changes, key=lambda each: each.path.startswith(f"{LEDGER}/"))
    staged: list[tuple[FileChange, Path | None]] = []
    replaced: list[FileChange] = []
    try:
        try:
            # One at a time: what is staged when one fails must be taken away again.
            for change in ordered:
                staged.append((change, _stage(root, change)))  # noqa: PERF401
            for change, sibling in staged:
                replaced.append(change)
                _replace(locate(root, change.path), sibling)
        except OSError as err:
            path = replaced[-1].path if replaced else ordered[len(staged)].path
            _put_back(root, replaced)
            what = f"cannot write {path}: {err.strerror or err}"
            raise CommitFailed(
                what,
                where=str(locate(root, path)),
                next_step="make the place writable, then run the command again",
                files="Every file is as it was.",
            ) from err
        except BaseException:
            _put_back(root, replaced)
            raise
    finally:
        for _, sibling in staged:
            if sibling is not None:
                sibling.unlink(missing_ok=True)
    _sync_folders({locate(root, change.path).parent for change in ordered})


def _verify(root: Path, files: Iterable[FileChange]) -> None:
    for each in files:
        try:
            now = read_text(root, each.path)
        except (OSError, UnicodeDecodeError):
            # What can't be read had no text when the plan was made, either.
            now = None
        if sha256(now) != sha256(each.before):
            what = f"{each.path} changed while the plan was made"
            raise StaleFile(
                what,
                where=each.path,
                next_step="run the command again",
            )


def _stage(root: Path, change: FileChange) -> Path | None:
    """Write the new text beside the file, on disk; None where the file shall go."""
    place = locate(root, change.path)
    if change.after is None:
        return None
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    sibling = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(change.after.encode())
            stream.flush()
            os.fsync(stream.fileno())
        if place.exists():
            shutil.copymode(place, sibling)
        else:
            sibling.chmod(0o666 & ~_umask())
    except BaseException:
        sibling.unlink(missing_ok=True)
        raise
    return sibling


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _replace(place: Path, sibling: Path | None) -> None:
    if sibling is not None:
        sibling.replace(place)
        return
    place.unlink()
    with suppress(OSError):
        # The application's folder goes with its last file.
        place.parent.rmdir()


def _put_back(root: Path, replaced: Iterable[FileChange]) -> None:
    """Undo, from memory; what fails here is told by the error that led here."""
    for change in reversed(list(replaced)):
        place = locate(root, change.path)
        with suppress(OSError):
            if read_text(root, change.path) == change.before:
                continue
        with suppress(OSError):
            if change.before is None:
                place.unlink(missing_ok=True)
                continue
            place.parent.mkdir(exist_ok=True)
            sibling = _stage(root, FileChange(change.path, None, change.before))
            _replace(place, sibling)


def _sync_folders(folders: Iterable[Path]) -> None:
    """Make the renames last; where the system can't, they last all the same, later."""
    for folder in folders:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
