"""Write files to a folder of this machine, or of a mounted share."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
import errno
import glob
from hashlib import sha256
import os
from pathlib import Path
import time
import uuid

import pyarrow as pa

from ..addresses import LocalPath
from ..connector import Credentials
from ..destination import Check, Written
from ..exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    VerificationError,
)
from .destination import STALE_AFTER, FileDestination
from .formats import check_shown, check_suffix, read_batches, write_batches

BLOCK_BYTES = 8 * 1024 * 1024
# The errors of a file system without hard links, such as FAT and some shares.
NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)


class LocalFolderCredentials(Credentials):
    """The folder to write in. It must exist, so that a missing share is noticed."""

    root: LocalPath


class LocalFolder(FileDestination):
    """A folder.

    Paths are relative to it, with the suffix .parquet, .csv or .jsonl. A file is written
    to another name in its own folder and then renamed, so a failed load leaves the
    former file as it was. It has the permissions of the file that it replaces, else
    those of any new file. A killed load leaves a hidden file that ends in `.partial`; a
    load into the same path deletes it a day later.
    """

    credentials_model = LocalFolderCredentials
    credentials: LocalFolderCredentials

    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        *,
        overwrite: bool = False,
        load_id: str | None = None,  # noqa: ARG002 - a folder doesn't keep it
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        """Write batches into one file, which appears complete at `path` or not at all.

        As `FileDestination.from_batches`, but `load_id` isn't kept: a retry after the
        file appeared needs `overwrite`. Missing folders are created. Memory: one batch.

        Raises:
            DestinationExistsError: The file exists, and `overwrite` is False.
            DestinationRejectedError: The root is missing, the path leads out of it, or
                the file system has no hard links and `overwrite` is False.
            UnsupportedFormatError: No format has the path's suffix.
            VerificationError: The file differs from what was written.
        """
        check_suffix(path)
        given = _Given(batches)
        target = Path(path)
        try:
            target = self._inside_root(path)
            if target.exists() and not overwrite:
                raise DestinationExistsError.at(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            _delete_stale(target)
            own = uuid.uuid4().hex[:16]
            partial = target.with_name(f".{target.name}.{own}.partial")
            mode = _permissions(target)
            try:
                with open(partial, "xb", opener=_opener(mode)) as file:
                    written = write_batches(given, file, path)
                    file.flush()
                    os.fsync(file.fileno())
                if mode is not None and mode != _permissions(partial):
                    partial.chmod(mode)
                if verify_bytes or check:
                    _check_bytes(partial, written)
                if check:
                    with partial.open("rb") as file:
                        check(read_batches(file, path))
                if overwrite:
                    partial.replace(target)
                else:
                    self._link(partial, target)
            finally:
                partial.unlink(missing_ok=True)
        except (ConnectionError, TimeoutError):  # the source's, or Prefect's
            raise
        except OSError as err:
            if err is given.error:
                raise
            if isinstance(err, FileExistsError):
                raise DestinationExistsError.at(path) from err
            raise DestinationRejectedError(
                f"The file can't be written: {err.strerror}.",
                f"{target}, {self.place}",
                "check the folder's permissions and its free space.",
            ) from err
        return written

    def blocks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file, in blocks of 8 MiB. As `FileDestination.blocks`."""
        check_shown(path)
        target = Path(path)
        try:
            target = self._inside_root(path)
            yield from _blocks(target)
        except OSError as err:
            raise VerificationError(
                f"The file can't be read: {err.strerror}.",
                f"{target}, {self.place}",
                "load it again.",
            ) from err

    def _link(self, partial: Path, target: Path) -> None:
        """Make the file appear. Unlike a rename, this fails if the target exists."""
        try:
            target.hardlink_to(partial)
        except OSError as err:
            if err.errno not in NO_HARD_LINKS:
                raise
            raise DestinationRejectedError(
                "The file system has no hard links. Without them, a file that appears "
                f"in the meantime would be replaced: {err.strerror}.",
                f"{target}, {self.place}",
                "set overwrite=True if nothing else writes this file, or choose another "
                "folder.",
            ) from err

    def _inside_root(self, path: str) -> Path:
        root = self.credentials.root
        if not root.is_dir():
            raise DestinationRejectedError(
                "The root folder is missing.",
                f"{root}, {self.place}",
                "create it, or mount it.",
            )
        target = (root / path).resolve()
        if not target.is_relative_to(root.resolve()):
            raise DestinationRejectedError(
                "The path leads out of the root folder.",
                f"{path}, {self.place}",
                "give a path relative to the root, without '..'.",
            )
        return target


class _Given:
    """The batches of a load. It keeps their source's error, to recognize it later.

    Many network errors are an OSError, as the folder's are.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self.error: OSError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches
        except OSError as err:
            self.error = err
            raise


def _permissions(path: Path) -> int | None:
    """Return a file's permissions, None if there is no file."""
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    return None


def _opener(mode: int | None) -> Callable[[str, int], int]:
    """Return an opener of new files with these permissions, less those of the umask."""
    return lambda path, flags: os.open(path, flags, 0o666 if mode is None else mode)


def _delete_stale(target: Path) -> None:
    """Delete the partial files of killed loads into a file."""
    last = time.time() - STALE_AFTER.total_seconds()
    for partial in target.parent.glob(f".{glob.escape(target.name)}.*.partial"):
        with suppress(FileNotFoundError):  # another load was faster
            if partial.stat().st_mtime < last:
                partial.unlink()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _check_bytes(partial: Path, written: Written) -> None:
    found = sha256()
    for block in _blocks(partial):
        found.update(block)
    if found.hexdigest() != written.sha256:
        raise VerificationError(
            "The file that was read back differs from the one that was written.",
            written.path,
            "run it again, and check the disk.",
        )
