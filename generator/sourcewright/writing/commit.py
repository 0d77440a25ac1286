"""The only writer: verify every hash, write the journal, replace, the ledger last.

All or nothing: on any failure what was replaced is put back; after a kill or a loss of
power the journal tells the next command how (`recover`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sourcewright.errors import CommitFailed, Interrupted, StaleFile
from sourcewright.tree import LEDGER, locate, read_text, sha256
from sourcewright.writing import journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sourcewright.changes import FileChange, Plan

AS_IT_WAS = "Every file is as it was."
HALF = "Some files are as before, some as after: the next command puts them back."


def commit(root: Path, plan: Plan) -> None:
    """Write exactly what the plan says, or nothing.

    Raises:
        UnsafePath: a path leads out of the project.
        StaleFile: a file is not what the plan was computed from.
        CommitFailed: a write failed; every file is as it was.
        Busy: another command is writing.
    """
    recover(root)
    if not plan.changes:
        return
    # Last on purpose: the ledger marks the edits as done.
    changes = sorted(plan.changes, key=lambda each: each.path.startswith(f"{LEDGER}/"))
    made = _make_root(root)
    try:
        _write(root, changes, [*plan.verified, *plan.changes])
    except BaseException:
        _unmake(made)
        raise


def _write(root: Path, changes: list[FileChange], read: list[FileChange]) -> None:
    path = changes[0].path
    opened = None
    try:
        opened = journal.begin(root, changes, lambda: _verify(root, read))
        for folder in opened.made:
            path = folder
            locate(root, folder).mkdir(exist_ok=True)
        for number, change in enumerate(changes):
            path = change.path
            opened.apply(number)
    except OSError as err:
        is_back = _put_back(opened)
        if opened is None and err.filename:
            path = str(err.filename)
        what = f"cannot write {path}: {err.strerror or err}"
        raise CommitFailed(
            what,
            where=str(root / path),
            next_step="free some space and make it writable, then rerun",
            files=AS_IT_WAS if is_back else HALF,
        ) from err
    except BaseException:
        _put_back(opened)
        raise
    _finish(opened)


def recover(root: Path, *, dry_run: bool = False) -> tuple[str, ...]:
    """Finish or undo what a killed command left; return notes of what was done.

    Raises:
        Busy: the command isn't dead.
        Interrupted: a file was changed since; nothing was put back. Or it is a dry run,
            which writes nothing.
    """
    try:
        if dry_run and journal.is_left(root):
            what = "a command was interrupted here, and left some files half done"
            raise Interrupted(
                what,
                where=str(journal.place_of(root)),
                next_step="rerun without --dry-run: the files are put back first",
            )
        found = None if dry_run else journal.find(root)
    except OSError as err:
        what = f"cannot tell whether a command was interrupted: {err}"
        raise CommitFailed(
            what,
            where=str(root),
            next_step="make it readable, then rerun",
        ) from err
    if found is None:
        return ()
    if journal.is_written(found):
        _finish(found)
        return (
            ("an interrupted command had written everything",) if found.entries else ()
        )
    try:
        found.undo()
    except OSError as err:
        found.leave()
        what = f"cannot undo an interrupted command: {err}"
        raise CommitFailed(
            what,
            where=str(found.folder),
            next_step="make it writable, then rerun",
            files="Some files are as before that command, some as after it.",
        ) from err
    except BaseException:
        found.leave()
        raise
    found.sync()
    found.close()
    paths = [each.path for each in found.entries if not each.path.startswith(LEDGER)]
    return (f"an interrupted command was undone: {', '.join(paths) or LEDGER}",)


def _finish(opened: journal.Journal) -> None:
    opened.sync()
    opened.settle()
    try:
        opened.tidy()
    except OSError:
        # Once more by the next command; a folder that stays for ever stops nobody.
        if not opened.done:
            opened.leave()
            return
    opened.close()


def _put_back(opened: journal.Journal | None) -> bool:
    """Undo; return whether all is as it was: else the next command goes on with it."""
    if opened is None:
        return True
    try:
        opened.undo()
    except OSError:
        opened.leave()
        return False
    opened.sync()
    opened.close()
    return True


def _make_root(root: Path) -> list[Path]:
    """Make the project's folder if there is none; return what was made, inside out."""
    made: list[Path] = []
    folder = root
    try:
        while not folder.exists():
            made.append(folder)
            folder = folder.parent
        root.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        _unmake(made)
        what = f"cannot make the folder {root}: {err.strerror}"
        raise CommitFailed(
            what,
            where=str(folder),
            next_step="free some space and make it writable, or choose another folder",
        ) from err
    return made


def _unmake(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


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
                next_step="rerun",
            )
