"""Write Arrow record batches as a file, in the format that the path's suffix names."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
import hashlib
import io
from itertools import chain
import json
import math
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

import pyarrow as pa
from pyarrow import csv, parquet
import pyarrow.compute as pc

from acme.exceptions import (
    SchemaChangedError,
    UnsupportedFormatError,
    UnsupportedTypeError,
    VerificationError,
)

Sink = IO[bytes] | io.RawIOBase

ROW_GROUP_BYTES = 16 * 1024 * 1024  # in memory, so before it is compressed
SAMPLE_ROWS = 10_000  # to see whether a column's values repeat

# Beyond, Arrow writes another year or none: it has 16 bits for one.
WRITABLE_YEARS = 30_000  # before 1970 or after
WRITABLE_SECONDS = WRITABLE_YEARS * 365 * 86_400

BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
# What else has an exact form as text.
PLAIN = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_timestamp,
    pa.types.is_string,
    pa.types.is_large_string,
)


class BatchWriter(Protocol):
    """What writes batches of one schema, and its format's end when it is closed."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""

    def close(self) -> None:
        """Write what the format ends with."""


class _ParquetWriter:
    """Collects batches into row groups. A column's dictionary is decided on the first."""

    def __init__(self, sink: Sink, schema: pa.Schema) -> None:
        self._sink = sink
        self._schema = schema
        self._writer: parquet.ParquetWriter | None = None
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0

    def write_batch(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self._bytes += batch.nbytes
        if self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        if self._batches or not self._writer:
            self._flush()
        if self._writer:
            self._writer.close()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._batches, self._schema)
        if not self._writer:
            self._writer = parquet.ParquetWriter(
                self._sink,
                self._schema,
                compression="zstd",
                use_dictionary=[
                    name for name in table.column_names if _repeats(table[name])
                ],
                write_page_checksum=True,
            )
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._batches.clear()
        self._bytes = 0


def _repeats(column: pa.ChunkedArray) -> bool:
    """Say whether values come twice on average. A dictionary of others is in the way.

    The first rows speak for all: a dictionary that gets too large ends by itself.
    """
    if pa.types.is_boolean(column.type) or pa.types.is_nested(column.type):
        return False
    sample = column.slice(0, SAMPLE_ROWS)
    distinct: int = pc.count_distinct(sample).as_py()
    return 2 * distinct <= len(sample)


class _CsvWriter:
    """A header, commas, text in quotes, bytes as hex digits.

    NULL is nothing at all, '' is a pair of quotes.
    """

    def __init__(self, sink: Sink, schema: pa.Schema) -> None:
        # As it is for the columns of an empty batch.
        self._schema = _writable(schema.empty_table()).schema
        self._writer = csv.CSVWriter(sink, self._schema)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(_writable(batch))

    def close(self) -> None:
        self._writer.close()


class _JsonLinesWriter:
    """An object a line. What JSON has no exact form for is text, bytes are hex digits."""

    def __init__(self, sink: Sink, _schema: pa.Schema) -> None:
        self._sink = sink

    def write_batch(self, batch: pa.RecordBatch) -> None:
        columns = [_as_json(column) for column in _writable(batch).columns]
        lines = [
            json.dumps(
                dict(zip(batch.schema.names, row, strict=True)),
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for row in zip(*columns, strict=True)
        ]
        self._sink.write("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        pass


def _writable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch as a file of text can hold it: bytes are hex digits.

    Raises:
        UnsupportedTypeError: A type has no exact form as text, or a date is too far
            away to be written; names the column.
    """
    for number, (name, column) in enumerate(
        zip(batch.schema.names, batch.columns, strict=True)
    ):
        batch = batch.set_column(number, name, _plain(name, column))
    return batch


def _plain(name: str, column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string_view(kind):
        kind = pa.large_string()
    if any(fits(kind) for fits in BYTES):
        digits = [v if v is None else v.hex() for v in column.to_pylist()]
        return pa.array(digits, pa.string())
    if not any(fits(kind) for fits in PLAIN):
        raise UnsupportedTypeError(
            f"The column '{name}' ({column.type}) has no exact form in a file of text.",
            f"column '{name}'",
            "write Parquet, or cast the column to text in the query.",
        )
    column = column.cast(kind)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        _check_near(name, column)
    return column


def _check_near(name: str, column: pa.Array) -> None:
    zone = getattr(column.type, "tz", None)
    seconds = column.cast(pa.timestamp("s", zone), safe=False).cast(pa.int64())
    farthest = pc.max(pc.abs(seconds)).as_py() or 0
    if farthest > WRITABLE_SECONDS:
        raise UnsupportedTypeError(
            f"The column '{name}' ({column.type}) holds a day more than "
            f"{WRITABLE_YEARS} years from 1970, which no file of text holds exactly.",
            f"column '{name}'",
            "write Parquet, or cast the column to text in the query.",
        )


def _as_json(column: pa.Array) -> list[Any]:
    kind = column.type
    if pa.types.is_floating(kind):
        return [
            value if value is None or math.isfinite(value) else str(value)
            for value in column.to_pylist()
        ]
    as_it_is = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_string)
    if not any(fits(kind) for fits in as_it_is):
        column = column.cast(pa.string())
    return list(column.to_pylist())


WRITERS: dict[str, Callable[[Sink, pa.Schema], BatchWriter]] = {
    ".csv": _CsvWriter,
    ".jsonl": _JsonLinesWriter,
    ".parquet": _ParquetWriter,
}


@dataclass(frozen=True)
class Written:
    """What was written into a file or a table.

    Attributes:
        path: Where, as it was given.
        rows: How many.
        bytes: The file's length; None for a table.
        sha256: Of the file's bytes, in hex; None for a table.
    """

    path: str
    rows: int
    bytes: int | None
    sha256: str | None


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


def write_batches(batches: Iterable[pa.RecordBatch], sink: Sink, path: str) -> Written:
    """Write batches to an open binary file. `sink` stays open.

    Where a batch fails, the file is left without its end.

    Args:
        batches: At least one, which may have no rows; all of one schema.
        sink: Where the bytes go.
        path: Gives the format by its suffix, and the name for errors.

    Raises:
        SchemaChangedError: A batch differs from the first one; names the column.
        UnsupportedFormatError: No format has this suffix.
        UnsupportedTypeError: Two columns have one name, or the format can't hold a
            type or a value; names the column.
    """
    open_writer = WRITERS[check_suffix(path)]
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        msg = "write_batches() needs a batch to know the columns, even an empty one"
        raise ValueError(msg)
    _check_names(first.schema.names)
    counted = _Counted(sink)
    writer = open_writer(counted, first.schema)
    rows = 0
    for batch in chain([first], remaining):
        check_schema(first.schema, batch.schema, path)
        writer.write_batch(batch)
        rows += batch.num_rows
    writer.close()
    return Written(path, rows, counted.tell(), counted.hash.hexdigest())


def _check_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UnsupportedTypeError(
                f"Two columns are named '{name}', which readers can't tell apart.",
                f"column '{name}'",
                "rename one of them in the query.",
            )


def read_batches(file: IO[bytes] | io.RawIOBase, path: str) -> Iterator[pa.RecordBatch]:
    """Yield what a Parquet file holds; the checksum of each page is checked.

    At least one batch, which has no rows where the file has none. Memory: what is read
    of one group of rows.

    Args:
        file: Is read here and there.
        path: The name for errors.

    Raises:
        VerificationError: The file is damaged, or no Parquet file.
    """
    try:
        with parquet.ParquetFile(
            file, page_checksum_verification=True, pre_buffer=True
        ) as opened:
            yield pa.RecordBatch.from_pylist([], schema=opened.schema_arrow)
            for group in range(opened.num_row_groups):
                yield from opened.iter_batches(row_groups=[group])
    except (pa.ArrowException, OSError) as err:
        raise VerificationError(
            f"The file that was written can't be read back: {err}.",
            path,
            "load it again.",
        ) from err


class _Counted(io.RawIOBase):
    """Passes bytes on, and knows their number and their SHA-256."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink
        self._position = 0
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._sink.write(view)
        self.hash.update(view)
        self._position += view.nbytes
        return view.nbytes


def check_schema(expected: pa.Schema, given: pa.Schema, path: str) -> None:
    """Make sure that a batch has the columns of the first one.

    Raises:
        SchemaChangedError: It has others; names the first.
    """
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
