"""Write Arrow record batches to a file, in the format that its path's suffix names."""

from collections.abc import Callable, Iterable, Iterator
import hashlib
import io
import json
import math
from pathlib import PurePosixPath
from typing import IO, Any, Protocol

import pyarrow as pa
from pyarrow import csv, parquet
import pyarrow.compute as pc

from ..addresses import check_path
from ..destination import Written, begin
from ..exceptions import (
    DestinationRejectedError,
    UnsupportedFormatError,
    UnsupportedTypeError,
    VerificationError,
)

Sink = IO[bytes] | io.RawIOBase

ROW_GROUP_BYTES = 16 * 1024 * 1024  # in memory, before compression
SAMPLE_ROWS = 10_000  # enough to see whether a column's values repeat

# Arrow keeps a year in 16 bits: a date further away is written with another year.
WRITABLE_YEARS = 30_000  # before or after 1970
WRITABLE_SECONDS = WRITABLE_YEARS * 365 * 86_400

BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
# Other types whose values have an exact form as text.
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
    """Writes batches of one schema in one format."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""

    def close(self) -> None:
        """Write the end of the format."""


class _ParquetWriter:
    """Collects batches into row groups. The first group decides on dictionaries."""

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
    """Return whether values occur twice on average; if not, a dictionary only costs.

    The first rows decide, since a dictionary that grows too large ends by itself.
    """
    if pa.types.is_boolean(column.type) or pa.types.is_nested(column.type):
        return False
    sample = column.slice(0, SAMPLE_ROWS)
    distinct: int = pc.count_distinct(sample).as_py()
    return 2 * distinct <= len(sample)


class _CsvWriter:
    """Writes a header, quoted text, and bytes as hex digits, separated by commas.

    NULL is an empty field, and '' is a pair of quotes.
    """

    def __init__(self, sink: Sink, schema: pa.Schema) -> None:
        self._writer = csv.CSVWriter(sink, _as_text(schema.empty_table()).schema)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(_as_text(batch))

    def close(self) -> None:
        self._writer.close()


class _JsonLinesWriter:
    """Writes one object a line. A value without an exact form in JSON is text."""

    def __init__(self, sink: Sink, _schema: pa.Schema) -> None:
        self._sink = sink

    def write_batch(self, batch: pa.RecordBatch) -> None:
        columns = [_as_json(column) for column in _as_text(batch).columns]
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


def _as_text(batch: Any) -> Any:
    """Return a batch or a table whose types a text file can hold.

    Raises:
        UnsupportedTypeError: A type has no exact form as text, or a date is too far
            from 1970; names the column.
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
        raise _unsupported(name, column.type, "has no exact form in a text file")
    column = column.cast(kind)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        seconds = column.cast(pa.timestamp("s", getattr(kind, "tz", None)), safe=False)
        furthest = pc.max(pc.abs(seconds.cast(pa.int64()))).as_py() or 0
        if furthest > WRITABLE_SECONDS:
            problem = f"holds a date more than {WRITABLE_YEARS} years from 1970"
            raise _unsupported(name, kind, f"{problem}, which text can't hold exactly")
    return column


def _unsupported(name: str, kind: pa.DataType, problem: str) -> UnsupportedTypeError:
    return UnsupportedTypeError(
        f"The column '{name}' ({kind}) {problem}.",
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
    unchanged = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_string)
    if not any(fits(kind) for fits in unchanged):
        column = column.cast(pa.string())
    return list(column.to_pylist())


WRITERS: dict[str, Callable[[Sink, pa.Schema], BatchWriter]] = {
    ".csv": _CsvWriter,
    ".jsonl": _JsonLinesWriter,
    ".parquet": _ParquetWriter,
}


def check_shown(path: str) -> None:
    """Raise unless a message may show a path.

    Raises:
        DestinationRejectedError: It holds a user or a signature; it isn't shown.
    """
    try:
        check_path(path)
    except ValueError as err:
        raise DestinationRejectedError(
            "The path holds a user's name or a signature.", "the path", f"{err}."
        ) from err


def check_suffix(path: str) -> str:
    """Return the path's suffix, with its dot.

    Raises:
        DestinationRejectedError: As in `check_shown`.
        UnsupportedFormatError: No format has this suffix.
    """
    check_shown(path)
    suffix = PurePosixPath(path).suffix
    if suffix not in WRITERS:
        known = ", ".join(sorted(WRITERS))
        raise UnsupportedFormatError(
            f"No file format has the suffix '{suffix}'.", path, f"use one of {known}."
        )
    return suffix


def write_batches(batches: Iterable[pa.RecordBatch], sink: Sink, path: str) -> Written:
    """Write batches to an open binary file. `sink` stays open.

    If a batch fails, the file is incomplete.

    Args:
        batches: At least one, which may have no rows; all of one schema.
        sink: The file.
        path: Its suffix gives the format; errors name it.

    Raises:
        SchemaChangedError: A batch differs from the first one; names the column.
        UnsupportedFormatError: No format has this suffix.
        UnsupportedTypeError: Two columns have the same name, or the format can't hold a
            type or a value; names the column.
    """
    open_writer = WRITERS[check_suffix(path)]
    schema, checked = begin(batches, path)
    _check_names(schema.names)
    counted = _Counted(sink)
    writer = open_writer(counted, schema)
    rows = 0
    try:
        for batch in checked:
            writer.write_batch(batch)
            rows += batch.num_rows
        writer.close()
    except BaseException:
        counted.discard()
        raise
    return Written(path, rows, counted.tell(), counted.hash.hexdigest())


def _check_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UnsupportedTypeError(
                f"Two columns are named '{name}', which readers can't tell apart.",
                f"column '{name}'",
                "rename one of them in the query.",
            )


def read_batches(file: Sink, path: str) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a Parquet file, and verify the checksum of each page.

    At least one batch, even if the file has no rows. Memory: one row group.

    Args:
        file: Must be seekable.
        path: Errors name it.

    Raises:
        VerificationError: The file is damaged, or isn't Parquet.
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
    """Passes bytes on, and keeps their number and their SHA-256."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink: Sink | None = sink
        self._position = 0
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def discard(self) -> None:
        """Pass nothing on any more: a writer of Parquet writes when it is deleted."""
        self._sink = None

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self._sink:
            self._sink.write(view)
        self.hash.update(view)
        self._position += view.nbytes
        return view.nbytes
