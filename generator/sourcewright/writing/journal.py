"""What a command is about to write, on disk before the first file is replaced.

journal.json   every file: its former and its new hash; folders
journal.done   the same file when all was written
before/<n>     the former text of the n-th file
after/<n>      its new text, until it is moved to its place

They are below git's own folder, which no clone carries. In a project without git they
are in `FOLDER`, and name the project's folder by its inode, which no archive can know:
a journal of another folder is refused there. `journal.json` comes last when the journal
is made, and is renamed when all was written: without it nothing was replaced, or
everything was, and only tidying up is left to do.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sourcewright.errors import Busy, Interrupted
from sourcewright.tree import locate, read_text, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from sourcewright.changes import FileChange

FOLDER = ".sourcewright-journal"
OPEN, DONE = "journal.json", "journal.done"
_STAYS = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}


@dataclass(frozen=True)
class Entry:
    """One file: its path, and the hashes of its texts; None where no file is."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Journal:
    """An open journal; the lock on its folder tells others that we live.

    `made` are the folders that the command makes, from the outermost in; `done` tells
    that nothing is to be undone any more.
    """

    root: Path
    folder: Path
    lock: int
    entries: tuple[Entry, ...]
    made: tuple[str, ...]
    done: bool = False

    def apply(self, number: int) -> None:
        """Move the n-th file's new text to its place, or delete the file."""
        place = locate(self.root, self.entries[number].path)
        if self.entries[number].after is None:
            place.unlink(missing_ok=True)
        else:
            _move(self.folder / "after" / str(number), place)

    def undo(self) -> None:
        """Put every former text back; may be broken off, and done again.

        Raises:
            Interrupted: somebody changed a file in the meantime; none was put back.
            UnsafePath: a path leads out of the project; none was put back.
            OSError: a file can't be written, or a folder can't be removed; what is left
                to do stays in the journal.
        """
        for path in (*(each.path for each in self.entries), *self.made):
            locate(self.root, path)
        standing = [_standing(self.root, each) for each in self.entries]
        for each, now in zip(self.entries, standing, strict=True):
            if now not in {each.before, each.after}:
                what = f"{each.path} was changed after a command was interrupted"
                raise Interrupted(
                    what,
                    where=str(self.folder / "before"),
                    next_step=f"restore {each.path}; or, to keep every file as it is, "
                    f"delete {self.folder}",
                    files="Some files are as before that command, some as after it.",
                )
        for number, each in enumerate(self.entries):
            place = locate(self.root, each.path)
            with suppress(OSError):
                _beside(place).unlink()
            if standing[number] == each.before:
                continue
            if each.before is None:
                place.unlink(missing_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                _move(self.folder / "before" / str(number), place)
        for folder in reversed(self.made):
            _remove_empty(locate(self.root, folder))

    def settle(self) -> None:
        """Mark that all was written: from here on nobody puts anything back."""
        with suppress(OSError):
            (self.folder / OPEN).replace(self.folder / DONE)
            sync(self.folder)

    def tidy(self) -> None:
        """Take away the folders that were left empty by the files that went.

        Raises:
            OSError: one can't be removed.
        """
        for each in self.entries:
            if each.after is None:
                folder = locate(self.root, each.path).parent
                while folder != self.root and _remove_empty(folder):
                    folder = folder.parent

    def sync(self) -> None:
        """Make what was moved and removed last, before the journal goes."""
        folders = {locate(self.root, each.path).parent for each in self.entries}
        folders |= {locate(self.root, each).parent for each in self.made}
        for folder in sorted(folders):
            sync(folder)

    def close(self) -> None:
        """Take the journal away: what it is about is finished.

        What can't be removed now is removed by the next command.
        """
        with suppress(OSError):
            for name in (OPEN, DONE):
                (self.folder / name).unlink(missing_ok=True)
            sync(self.folder)
            shutil.rmtree(self.folder)
            if self.folder != self.root / FOLDER:
                self.folder.parent.rmdir()  # unless another project's is there
        self.leave()

    def leave(self) -> None:
        """Leave the journal to the next command."""
        os.close(self.lock)


def begin(
    root: Path, changes: Sequence[FileChange], verify: Callable[[], None]
) -> Journal:
    """Write all that is needed to go back, and the new texts, to the disk.

    `verify` is called as soon as no other command can write.

    Raises:
        Busy: another command is writing.
        OSError: there is no room, or no permission; nothing is left.
    """
    written = [each.path for each in changes if each.after is not None]
    made = _folders_to_make(root, written)
    folder = place_of(root)
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    try:
        verify()
        # Wherever it is left behind: git must not see it.
        _write(folder / ".gitignore", "*\n")
        for name in ("before", "after"):
            (folder / name).mkdir()
        for number, each in enumerate(changes):
            try:
                _keep(folder, number, each, locate(root, each.path))
            except OSError as err:
                err.filename = each.path
                raise
        entries = tuple(
            Entry(each.path, sha256(each.before), sha256(each.after))
            for each in changes
        )
        data = {
            "root": root.stat().st_ino,
            "entries": [vars(each) for each in entries],
            "made": made,
        }
        _write(folder / "journal.new", json.dumps(data))
        for name in ("before", "after", "."):
            sync(folder / name)
        (folder / "journal.new").replace(folder / OPEN)
        for outer in (folder, folder.parent, root):
            sync(outer)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        raise
    return Journal(root, folder, lock, entries, made)


def _keep(folder: Path, number: int, change: FileChange, place: Path) -> None:
    for name, text in (("before", change.before), ("after", change.after)):
        if text is not None:
            kept = folder / name / str(number)
            _write(kept, text)
            if place.exists():
                shutil.copymode(place, kept)


def place_of(root: Path) -> Path:
    """Return the folder of a project's journal; it need not exist.

    Raises:
        UnsafePath: there is no git, and a symbolic link has the folder's name.
    """
    for top in (root, *root.parents):
        git = _git_folder(top / ".git")
        if git is not None:
            # Of several projects in one checkout each has its own.
            name = sha256(root.relative_to(top).as_posix()) or ""
            return git / "sourcewright" / name[:16]
    return locate(root, FOLDER)


def _git_folder(place: Path) -> Path | None:
    """Return git's folder that is at a place, or that a file there names; else None."""
    with suppress(OSError, ValueError):
        if place.is_file():  # in a worktree or a submodule
            said = place.read_text("utf-8").removeprefix("gitdir:").strip()
            place = place.parent / said
        if (place / "HEAD").is_file():
            return place.resolve()
    return None


def is_left(root: Path) -> bool:
    """Return whether a command was interrupted here, or is writing; writes nothing."""
    return any((each / OPEN).exists() for each in _places(root))


def find(root: Path) -> Journal | None:
    """Open the journal that a killed command left; None if there is none.

    Raises:
        Busy: the command isn't dead: it is writing.
        Interrupted: the journal can't be understood, or is another folder's.
        OSError: it can't be read.
    """
    for folder in _places(root):
        lock = _lock(folder)
        try:
            found = _read(root, folder, lock)
        except BaseException:
            os.close(lock)
            raise
        return found
    return None


def _places(root: Path) -> list[Path]:
    """Return the folders that are there: one may be from before git was."""
    places = dict.fromkeys((place_of(root), locate(root, FOLDER)))
    return [each for each in places if each.is_dir()]


def _read(root: Path, folder: Path, lock: int) -> Journal:
    done = (folder / DONE).exists()
    name = folder / (DONE if done else OPEN)
    try:
        data: Any = json.loads(name.read_text("utf-8"))
        origin = data["root"]
        entries = tuple(_entry(**each) for each in data["entries"])
        made = tuple(str(each) for each in data["made"])
    except FileNotFoundError:
        # It was killed before the first file was replaced, or after the last.
        return Journal(root, folder, lock, (), (), done)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        what = f"{name} can't be read"
        raise Interrupted(
            what,
            where=str(name),
            next_step=f"compare the files with {folder / 'before'}, then delete "
            f"{folder}",
        ) from err
    if folder == root / FOLDER and origin != root.stat().st_ino:
        what = f"{name} was not written by a command in this folder"
        raise Interrupted(
            what,
            where=str(name),
            next_step=f"delete {folder}; if this folder is a copy of yours, first "
            f"compare its files with {folder / 'before'}",
        )
    return Journal(root, folder, lock, entries, made, done)


def _entry(path: str, before: str | None, after: str | None) -> Entry:
    """Return an entry as a journal has it.

    Raises:
        TypeError: a part isn't a text.
    """
    hashes = [each for each in (before, after) if each is not None]
    if not all(isinstance(each, str) for each in (path, *hashes)):
        raise TypeError(path)
    return Entry(path, before, after)


def is_written(journal: Journal) -> bool:
    """Return whether every file has its new text already, or had it once."""
    return journal.done or all(
        _standing(journal.root, each) == each.after for each in journal.entries
    )


def _standing(root: Path, entry: Entry) -> str | None:
    """Return the hash of what stands; None for no file, or for what can't be read."""
    try:
        return sha256(read_text(root, entry.path))
    except (OSError, UnicodeDecodeError):
        return None


def _folders_to_make(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")[:-1]
        for length in range(1, len(parts) + 1):
            folder = "/".join(parts[:length])
            if not locate(root, folder).is_dir():
                found[folder] = None
    return tuple(sorted(found))


def _remove_empty(folder: Path) -> bool:
    """Take a folder away where nothing is in it; return whether it is gone.

    Raises:
        OSError: it is empty, and can't be removed.
    """
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as err:
        if err.errno not in _STAYS:
            raise
        return False
    return True


def _move(source: Path, place: Path) -> None:
    """Move a file to its place, at once, from another file system too."""
    try:
        source.replace(place)
    except OSError as err:
        if err.errno != errno.EXDEV:
            raise
        shutil.copy2(source, _beside(place))
        sync(_beside(place))
        _beside(place).replace(place)
        source.unlink()


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.sourcewright")


def _write(place: Path, text: str) -> None:
    with place.open("wb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())


def sync(place: Path) -> None:
    """Make a file, or the renames in a folder, last, as far as the system can."""
    with suppress(OSError):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(folder: Path) -> int:
    """Hold the folder's lock as long as this process lives, where the system has it."""
    try:
        import fcntl  # noqa: PLC0415  # not on Windows
    except ModuleNotFoundError:
        return os.open(os.devnull, os.O_RDONLY)
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it until now may have taken the folder away, and another made one.
        if os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError as err:
        if handle is not None and err.errno in _NO_LOCKS:
            return handle
        raise
    if handle is not None:
        os.close(handle)
    what = "another sourcewright is writing to this project"
    raise Busy(what, where=str(folder), next_step="wait for it, then rerun")
