"""Write to a folder of this machine, or of a share that is mounted on it."""

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

from acme.exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    VerificationError,
)
from acme.formats import (
    Written,
    check_suffix,
    read_batches,
    write_batches,
)
from acme.sources.base import (
    Check,
    Credentials,
    FileDestination,
)

BLOCK_BYTES = 8 * 1024 * 1024
STALE_SECONDS = 24 * 60 * 60  # after which nobody writes to a partial file any more
# What a file system says that has no hard links, as FAT and some shares.
NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)


class LocalFolderCredentials(Credentials):
    """The folder to write in. It must exist, so that a missing share is noticed."""

    root: Path


class LocalFolder(FileDestination):
    """A folder.

    Paths are relative to it, with the suffix .parquet, .csv or .jsonl. A file is written
    under another name beside its place and then renamed, so a failed load leaves what
    was there before. It has the permissions of the file that it replaces, else those of
    any new file. A killed load leaves a hidden file that ends in `.partial`; a load
    into the same path deletes it, a day later or any time after.
    """

    credentials_model = LocalFolderCredentials
    credentials: LocalFolderCredentials

    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        *,
        overwrite: bool = False,
        load_id: str | None = None,  # noqa: ARG002 - no folder keeps it
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        """Write batches into one file, which appears whole at `path` or not at all.

        As `FileDestination.from_batches`, but that `load_id` isn't kept: a retry after the
        file appeared needs `overwrite`. Folders on the way are made. Memory: a batch.

        Raises:
            DestinationExistsError: There is a file, and `overwrite` is False.
            DestinationRejectedError: The root is missing, the path leads out of it, or
                the file system has no hard links and `overwrite` is False.
            UnsupportedFormatError: No format has the path's suffix.
            VerificationError: What arrived isn't what was sent.
        """
        check_suffix(path)
        target = self._inside_root(path)
        given = _Given(batches)
        if target.exists() and not overwrite:
            raise DestinationExistsError.at(path)
        try:
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
        target = self._inside_root(path)
        try:
            yield from _blocks(target)
        except OSError as err:
            raise VerificationError(
                f"The file can't be read: {err.strerror}.",
                f"{target}, {self.place}",
                "load it again.",
            ) from err

    def _link(self, partial: Path, target: Path) -> None:
        """Let a file appear. Unlike a rename, this fails where somebody was faster."""
        try:
            target.hardlink_to(partial)
        except OSError as err:
            if err.errno not in NO_HARD_LINKS:
                raise
            raise DestinationRejectedError(
                "The file system has no hard links, without which a file that appears "
                f"meanwhile would be replaced: {err.strerror}.",
                f"{target}, {self.place}",
                "set overwrite=True, if nobody else writes this file; or choose another "
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
    """The batches of a load. Their source's error is kept, to be told from the folder's.

    Many errors of a network are an OSError, too.
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
    """Return a file's permissions, None where there is none."""
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    return None


def _opener(mode: int | None) -> Callable[[str, int], int]:
    """Return what opens a new file with these permissions; the umask takes from them."""
    return lambda path, flags: os.open(path, flags, 0o666 if mode is None else mode)


def _delete_stale(target: Path) -> None:
    """Delete what killed loads into a file have left beside it."""
    last = time.time() - STALE_SECONDS
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
            "The file that was read back isn't the one that was written.",
            written.path,
            "run it again, and check the disk.",
        )
