"""Write Arrow record batches as a file, in the format that the path's suffix names."""

from collections.abc import Iterable
from contextlib import closing
import io
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

import pyarrow as pa
from pyarrow import csv, parquet

from acme.exceptions import (
    SchemaChangedError,
    UnsupportedFormatError,
)

Sink = IO[bytes] | io.RawIOBase


class BatchWriter(Protocol):
    """What writes batches of one schema, and its format's end when it is closed."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""

    def close(self) -> None:
        """Write what the format ends with."""


def _parquet_writer(sink: Sink, schema: pa.Schema) -> BatchWriter:
    writer: BatchWriter = parquet.ParquetWriter(sink, schema, compression="zstd")
    return writer


def _csv_writer(sink: Sink, schema: pa.Schema) -> BatchWriter:
    writer: BatchWriter = csv.CSVWriter(sink, schema)
    return writer


# CSV: a header, commas, strings in quotes. NULL is nothing at all, '' is a pair of quotes.
WRITERS = {".csv": _csv_writer, ".parquet": _parquet_writer}


def check_suffix(path: str) -> str:
    """Return the path's suffix, with its dot.

    Raises:
        UnsupportedFormatError: No format has this suffix.
    """
    suffix = PurePosixPath(path).suffix
    if suffix not in WRITERS:
        known = ", ".join(sorted(WRITERS))
        raise UnsupportedFormatError(
            f"No file format has the suffix '{suffix}'.", path, f"use one of {known}."
        )
    return suffix


def write_batches(batches: Iterable[pa.RecordBatch], sink: Sink, path: str) -> None:
    """Write batches to an open binary file. `sink` stays open.

    Args:
        batches: At least one, which may have no rows; all of one schema.
        sink: Where the bytes go.
        path: Gives the format by its suffix, and the name for errors.

    Raises:
        SchemaChangedError: A batch differs from the first one; names the column.
        UnsupportedFormatError: No format has this suffix.
    """
    open_writer = WRITERS[check_suffix(path)]
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        msg = "write_batches() needs a batch to know the columns, even an empty one"
        raise ValueError(msg)
    with closing(open_writer(sink, first.schema)) as writer:
        for batch in chain([first], remaining):
            _check_schema(first.schema, batch.schema, path)
            writer.write_batch(batch)


def _check_schema(expected: pa.Schema, given: pa.Schema, path: str) -> None:
    if given.equals(expected):
        return
    was: dict[str, Any] = {field.name: field.type for field in expected}
    is_now: dict[str, Any] = {field.name: field.type for field in given}
    name = next(
        (name for name in {**was, **is_now} if was.get(name) != is_now.get(name)), None
    )
    if name is None:
        raise SchemaChangedError(
            "The columns changed their order between two batches.",
            path,
            "name the columns in the query.",
        )
    raise SchemaChangedError(
        f"The column '{name}' changed from {was.get(name, 'missing')} "
        f"to {is_now.get(name, 'missing')} between two batches.",
        path,
        "give the column one type in the query, for example by a cast.",
    )
