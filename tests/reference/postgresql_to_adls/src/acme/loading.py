"""Load from any source into any destination, batch by batch, and prove what arrived.

`verify="none"` trusts every part. `"bytes"` makes sure that the bytes which arrived are
those that were sent, before the file appears; it can't notice what went wrong before
they were sent: a value that was decoded or written wrongly. `"full"` compares checksums
of every column, computed by the source itself, with those of the file read back, before
the file appears; the source runs the query twice, and the file must be Parquet. For a
table it is the same: `"bytes"` counts the rows that arrived, `"full"` compares them,
before the transaction ends that makes them visible.
"""

from dataclasses import dataclass
import logging
from typing import Any, Literal

from acme.checksums import (
    Checksums,
    compare,
    sum_up,
)
from acme.exceptions import (
    UnsupportedVerificationError,
)
from acme.formats import Written
from acme.sources.base import (
    Check,
    Destination,
    Source,
)

Verify = Literal["none", "bytes", "full"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manifest(Written):
    """What was loaded, in a few hundred bytes. `Destination.verify` takes it later.

    Attributes:
        snapshot: The state of the source's data, as the source names it, if it does.
        verify: How the load was verified.
        checksums: Those of the source and of the file, where they were compared.
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
    """Load the result of a query into one target, which it reaches whole or not at all.

    Memory: a few batches and one group of rows, however many rows there are.

    Args:
        source: What is read from.
        destination: What is written to.
        query: As the source takes it.
        target: A path or a table, as the destination takes it.
        load_id: As in `Destination.from_batches`.
        verify: How to make sure of what arrived, as this module's text says.
        options: Further ones that the destination takes, for example `overwrite`.

    Raises:
        VerificationError: What arrived isn't what was read. What was there stays.
        UnsupportedVerificationError: `verify` is "full", which an end can't do.
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
        logger.warning("The query gave no rows. Where: %s.", source.place)
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
