"""Load from any source into any destination, batch by batch, and verify the result.

`verify="none"` checks nothing. `"bytes"` checks, before the file appears, that the bytes
arrived as they were sent; it can't notice an error before that: a value decoded or
written wrongly. `"full"` compares, before the file appears, the checksum of every
column, computed by the source itself, with that of the file read back; the source runs
the query twice, and the file must be Parquet. For a table, before the transaction
commits, `"bytes"` counts the rows that arrived, and `"full"` compares them.
"""

from dataclasses import dataclass
import logging
from typing import Any, Literal

from .checksums import Checksums, compare, sum_up
from .destination import Check, Destination, Written
from .exceptions import UnsupportedVerificationError
from .source import Source

Verify = Literal["none", "bytes", "full"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manifest(Written):
    """A record of one load, in a few hundred bytes. `Destination.verify` takes it later.

    Attributes:
        snapshot: The source's name for the state of its data, or None.
        verify: How the load was verified.
        checksums: Those of the source and the target, or None if they weren't compared.
    """

    snapshot: str | None
    verify: Verify
    checksums: Checksums | None


def load(
    source: Source,
    destination: Destination,
    query: str,
    target: str,
    *,
    load_id: str | None = None,
    verify: Verify = "bytes",
    **options: Any,
) -> Manifest:
    """Load the result of a query into one target: all of it, or nothing.

    Memory: a few batches and one group of rows, however many rows there are.

    Args:
        source: Where to read from.
        destination: Where to write to.
        query: As in `Source.to_batches`.
        target: A path or a table, as in `Destination.from_batches`.
        load_id: As in `Destination.from_batches`.
        verify: How to verify the load, as described above.
        options: Further options of the destination, for example `overwrite`.

    Raises:
        VerificationError: The data that arrived differs; the target is unchanged.
        UnsupportedVerificationError: `verify` is "full", and the source can't do it.
        UnsupportedFormatError: `verify` is "full", and the file isn't Parquet.
        ConnectorError: As in `Source.to_batches` and `Destination.from_batches`.
    """
    checksums = check = None
    if verify == "full":
        _check_verifiable(source)
        destination.check_verifiable(target)
    with source.snapshot() as reading:
        snapshot = reading.id
        if verify == "full":
            checksums = reading.checksums(query)
            check = _comparison(checksums, target)
        written = destination.from_batches(
            reading.to_batches(query),
            target,
            load_id=load_id,
            verify_bytes=verify != "none",
            check=check,
            **options,
        )
    if not written.rows:
        logger.warning("The query returned no rows. Where: %s.", source.place)
    return Manifest(
        path=written.path,
        rows=written.rows,
        bytes=written.bytes,
        sha256=written.sha256,
        snapshot=snapshot,
        verify=verify,
        checksums=checksums,
    )


def _comparison(expected: Checksums, target: str) -> Check:
    return lambda batches: compare(expected, sum_up(batches), target)


def _check_verifiable(source: Source) -> None:
    if not source.has_checksums:
        raise UnsupportedVerificationError(
            f"{type(source).__name__} can't compute checksums.",
            source.place,
            'load with verify="bytes".',
        )
