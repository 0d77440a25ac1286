"""What all destinations of files have in common."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
import re

import pyarrow as pa

from ..destination import Check, Destination, Written
from ..exceptions import UnsupportedFormatError, VerificationError
from .formats import check_suffix

STALE_AFTER = timedelta(days=1)  # no load still writes to a partial file


class FileDestination(Destination):
    """Base class of destinations of files."""

    @abstractmethod
    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        *,
        overwrite: bool = False,
        load_id: str | None = None,
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        """Write batches into one file, which appears complete at `path` or not at all.

        Args:
            batches: At least one, which may have no rows; all of one schema.
            path: Its suffix gives the format: .parquet, .csv or .jsonl.
            overwrite: Whether to replace an existing file.
            load_id: Names this load. If the destination keeps it with the file, a retry
                of the same load replaces that file even without `overwrite`, so that it
                succeeds after a lost answer.
            verify_bytes: Whether to verify, before the file appears, that the bytes
                arrived as they were sent.
            check: Is called with the batches of the Parquet file, read back from a path
                that readers skip. If it raises, the file doesn't appear.

        Raises:
            DestinationExistsError: The file exists, and `overwrite` is False.
            DestinationUnavailableError: No connection; a retry may help.
            VerificationError: The data that arrived differs from the data sent.
            FatalError: One of its subclasses; a retry will not help.
        """

    @abstractmethod
    def blocks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file, in blocks.

        Raises:
            VerificationError: The file is missing or can't be read.
            DestinationUnavailableError: No connection; a retry may help.
        """

    def verify(self, written: Written) -> None:
        """Read a file again, and compare its bytes with those that were written.

        Args:
            written: What `from_batches` returned, or a load's manifest.

        Raises:
            VerificationError: The file has other bytes, or is missing.
            DestinationUnavailableError: No connection; a retry may help.
        """
        found = sha256()
        for block in self.blocks(written.path):
            found.update(block)
        if found.hexdigest() != written.sha256:
            raise VerificationError(
                f"The file changed: its SHA-256 was {written.sha256} "
                f"and is {found.hexdigest()}.",
                f"{written.path}, {self.place}",
                "load it again, and find out who wrote to it.",
            )

    def check_verifiable(self, target: str) -> None:
        """Raise unless the file's format keeps types. As `Destination`'s.

        Raises:
            UnsupportedFormatError: It isn't Parquet.
        """
        if check_suffix(target) != ".parquet":
            raise UnsupportedFormatError(
                "Only a Parquet file returns each value unchanged, to be compared.",
                target,
                'use .parquet, or load with verify="bytes".',
            )


def partial_path(path: str, load_id: str) -> str:
    """Return where a load writes a file that is checked before it appears at `path`.

    It is in the same folder, under a name that is this load's own and that readers skip.
    """
    own = sha256(load_id.encode()).hexdigest()[:32]
    return f"{partial_start(path)}{own}.partial"


def partial_start(path: str) -> str:
    """Return the start of the partial paths of all loads into `path`."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}_{name}."


def is_stale(found: str, start: str, modified: datetime) -> bool:
    """Return whether a killed load left this file, a day ago or earlier.

    Args:
        found: The file's path, which begins with `start`.
        start: The result of `partial_start`.
        modified: When the file was last written, with its time zone.
    """
    own = re.fullmatch(r"[0-9a-f]{32}\.partial", found.removeprefix(start))
    return bool(own) and modified < datetime.now(UTC) - STALE_AFTER
