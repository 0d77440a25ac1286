"""Decode the output of PostgreSQL's COPY ... (FORMAT binary) into Arrow record batches.

A row is a count of fields, then the length and the bytes of each field, big-endian; NULL
has the length -1. NumPy decodes all rows of a batch at once, field by field.
https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ..checksums import EPOCH_DAYS, EPOCH_MICROSECONDS
from ..exceptions import UnsupportedTypeError

HEADER_BYTES = 19  # a signature, flags, and the length of an empty extension
TRAILER = b"\xff\xff"
PADDING = bytes(8)  # so that a number can be read even if a NULL ends the last row

NUMERIC_OID = 1700
DECIMAL128_DIGITS = 38
DECIMAL256_DIGITS = 76

DAY_END = 86_400 * 1_000_000  # microseconds


@dataclass(frozen=True)
class Layout:
    """How the values of a type are sent, and the Arrow type that holds all of them.

    Attributes:
        type_name: PostgreSQL's name of the type.
        arrow: The Arrow type.
        sent_as: NumPy's name of a number of fixed width; None for any length.
        added: What to add to the number to get Arrow's.
        refused: Numbers that Arrow has no counterpart for, and PostgreSQL's text for
            each.
        last: The last number that Arrow has a counterpart for.
    """

    type_name: str
    arrow: pa.DataType
    sent_as: str | None = None
    added: int = 0
    refused: tuple[tuple[int, str], ...] = ()
    last: int | None = None


def _infinities(dtype: str) -> tuple[tuple[int, str], ...]:
    limits = np.iinfo(np.dtype(dtype))
    return ((int(limits.min), "-infinity"), (int(limits.max), "infinity"))


def _instant(type_name: str, arrow: pa.DataType) -> Layout:
    last = np.iinfo(np.int64).max - EPOCH_MICROSECONDS  # in the year 294247
    infinities = _infinities(">i8")
    return Layout(type_name, arrow, ">i8", EPOCH_MICROSECONDS, infinities, int(last))


# By OID. The server casts any other type to text.
# https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
LAYOUTS: dict[int, Layout] = {
    16: Layout("boolean", pa.bool_(), ">u1"),
    17: Layout("bytea", pa.binary()),
    20: Layout("bigint", pa.int64(), ">i8"),
    21: Layout("smallint", pa.int16(), ">i2"),
    23: Layout("integer", pa.int32(), ">i4"),
    25: Layout("text", pa.string()),
    26: Layout("oid", pa.uint32(), ">u4"),
    114: Layout("json", pa.string()),
    700: Layout("real", pa.float32(), ">f4"),
    701: Layout("double precision", pa.float64(), ">f8"),
    1042: Layout("char", pa.string()),  # with its padding
    1043: Layout("varchar", pa.string()),
    1082: Layout("date", pa.date32(), ">i4", EPOCH_DAYS, _infinities(">i4")),
    1083: Layout("time", pa.time64("us"), ">i8", refused=((DAY_END, "24:00:00"),)),
    1114: _instant("timestamp", pa.timestamp("us")),
    1184: _instant("timestamptz", pa.timestamp("us", tz="UTC")),
}


@dataclass(frozen=True)
class Column:
    """A column of a result, and how to read it.

    Attributes:
        name: As in the query.
        layout: How it is sent.
        cast: Whether the server must cast it to text.
    """

    name: str
    layout: Layout
    cast: bool = False

    @classmethod
    def described(cls, column: Any) -> "Column":
        """Return the column for psycopg2's description of it."""
        if column.type_code == NUMERIC_OID:
            kind = decimal_type(column.precision, column.scale)
            return cls(column.name, Layout("numeric", kind), cast=True)
        if column.type_code in LAYOUTS:
            return cls(column.name, LAYOUTS[column.type_code])
        return cls(column.name, Layout("text", pa.string()), cast=True)


def decimal_type(precision: int | None, scale: int | None) -> pa.DataType:
    """Return the decimal that holds every number of numeric(precision, scale), or text.

    Since PostgreSQL 15 the scale may be negative or exceed the precision. A numeric
    without a precision has another one in each row, so it is text.
    """
    if precision is None or scale is None:
        return pa.string()
    scale = (scale & 0x7FF ^ 0x400) - 0x400  # 11 bits, the first is the sign
    digits, decimals = max(precision, scale, precision - scale), max(scale, 0)
    if digits > DECIMAL256_DIGITS:
        return pa.string()
    if digits > DECIMAL128_DIGITS:
        return pa.decimal256(digits, decimals)
    return pa.decimal128(digits, decimals)


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Return the schema of the batches that `decode` returns for these columns."""
    return pa.schema([(column.name, column.layout.arrow) for column in columns])


def decode(rows: Sequence[bytes], columns: Sequence[Column]) -> pa.RecordBatch:
    """Return rows as a batch.

    Args:
        rows: The bytes of each, without the stream's header and trailer; less than
            2 GiB in total. There may be none.
        columns: The columns of each row.

    Raises:
        UnsupportedTypeError: A value has no exact counterpart; names the column.
    """
    sizes = np.fromiter(map(len, rows), np.int64, len(rows))
    data = np.frombuffer(b"".join([*rows, PADDING]), np.uint8)
    field_at = np.cumsum(sizes) - sizes + 2  # after the count of fields
    arrays = []
    for column in columns:
        lengths = _integers_at(data, ">i4", field_at)
        is_null = lengths < 0
        starts = field_at + 4
        field_at = starts + np.where(is_null, 0, lengths)
        nulls = is_null if is_null.any() else None
        if column.layout.sent_as:
            array = _fixed(data, starts, nulls, column)
        else:
            array = _variable(data, starts, field_at, nulls, column)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns))


def _integers_at(data: Any, dtype: str, starts: Any) -> Any:
    """Return the number at each start; starts need no alignment."""
    wire = np.dtype(dtype)
    # A view of the same bytes as overlapping numbers, one at each byte.
    everywhere = np.ndarray(len(data) - wire.itemsize + 1, wire, data.data, 0, (1,))
    return everywhere[starts].astype(wire.newbyteorder("="))


def _fixed(data: Any, starts: Any, nulls: Any, column: Column) -> pa.Array:
    layout = column.layout
    # A NULL has no bytes: the next bytes are read instead, and masked.
    values = _integers_at(data, layout.sent_as or "", starts)
    present = values if nulls is None else values[~nulls]
    for value, text in layout.refused:
        if (present == value).any():
            raise _unsupported(column, text)
    if layout.last is not None and (present > layout.last).any():
        raise _unsupported(column, "a value after the year 294246")
    if layout.added:
        values += layout.added
    if pa.types.is_boolean(layout.arrow):
        values = values.astype(bool)
    return pa.array(values, mask=nulls).cast(layout.arrow)


def _variable(
    data: Any, starts: Any, ends: Any, nulls: Any, column: Column
) -> pa.Array:
    # All bytes as one binary array: every second item is a field of this column, the
    # others are the bytes between them.
    offsets = np.zeros(2 * len(starts) + 1, np.int32)
    offsets[1::2], offsets[2::2] = starts, ends
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    pieces = pa.Array.from_buffers(pa.binary(), 2 * len(starts), buffers)
    array = pieces.take(pa.array(np.arange(1, 2 * len(starts), 2), mask=nulls))
    if pa.types.is_binary(column.layout.arrow):
        return array
    try:
        return array.cast(pa.string()).cast(column.layout.arrow)
    except pa.ArrowInvalid as err:
        if column.layout.type_name == "numeric":
            raise _unsupported(column, "NaN") from err
        # With the encoding SQL_ASCII, a text may be any bytes.
        cast = "convert_to({}::text, 'SQL_ASCII')"
        raise _unsupported(column, "bytes that aren't UTF-8", cast) from err


def _unsupported(
    column: Column, value: str, cast: str = "{}::text"
) -> UnsupportedTypeError:
    quoted = '"' + column.name.replace('"', '""') + '"'
    return UnsupportedTypeError(
        f"The column '{column.name}' ({column.layout.type_name}) holds {value}, "
        f"which Arrow's {column.layout.arrow} can't hold.",
        f"column '{column.name}'",
        f"cast it in the query: {cast.format(quoted)} AS {quoted}.",
    )
