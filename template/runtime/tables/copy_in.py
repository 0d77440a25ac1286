"""Encode Arrow record batches for PostgreSQL's COPY ... FROM (FORMAT binary).

The counterpart of `sql.copy_binary`: each value is sent with its own bits, so none is
rounded, and NULL differs from an empty text.
https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..checksums import EPOCH_DAYS, EPOCH_MICROSECONDS, unscaled
from .target import Column, digits_of, is_bytes, is_text, unsupported

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
PIECE_BYTES = 2 * 1024 * 1024
NAME_BYTES = 63  # PostgreSQL truncates a longer name without an error

# numeric: digits of base 10,000
BASE = 10_000
BASE_DIGITS = 4
NEGATIVE = 0x4000

# Arrow type -> PostgreSQL's type, the Arrow type of the same values, the number sent.
NUMBERS: dict[pa.DataType, tuple[str, pa.DataType, str]] = {
    pa.bool_(): ("boolean", pa.uint8(), ">u1"),
    pa.int8(): ("smallint", pa.int16(), ">i2"),
    pa.uint8(): ("smallint", pa.int16(), ">i2"),
    pa.int16(): ("smallint", pa.int16(), ">i2"),
    pa.uint16(): ("integer", pa.int32(), ">i4"),
    pa.int32(): ("integer", pa.int32(), ">i4"),
    pa.uint32(): ("bigint", pa.int64(), ">i8"),
    pa.int64(): ("bigint", pa.int64(), ">i8"),
    pa.float16(): ("real", pa.float32(), ">f4"),
    pa.float32(): ("real", pa.float32(), ">f4"),
    pa.float64(): ("double precision", pa.float64(), ">f8"),
    pa.date32(): ("date", pa.date32(), ">i4"),
    pa.date64(): ("date", pa.date32(), ">i4"),
    **{
        kind: ("time without time zone", pa.time64("us"), ">i8")
        for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))
    },
}


@dataclass(frozen=True)
class CopyColumn(Column):
    """A column of a table, and how COPY takes its values.

    Attributes:
        sent_as: NumPy's name of a number of fixed width; None if the length varies.
    """

    sent_as: str | None = None


def columns_of(schema: pa.Schema) -> list[CopyColumn]:
    """Return the columns of a table that holds batches of this schema.

    Raises:
        UnsupportedTypeError: PostgreSQL has no such type or name; names the column.
    """
    return [_column(field) for field in schema]


def _column(field: pa.Field) -> CopyColumn:
    name, kind = field.name, field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if len(name.encode()) > NAME_BYTES:
        raise unsupported(name, kind, f"its name has more than {NAME_BYTES} bytes")
    if kind in NUMBERS:
        return CopyColumn(name, *NUMBERS[kind])
    if pa.types.is_uint64(kind):
        return CopyColumn(name, "numeric(20,0)", pa.decimal128(20, 0))
    if pa.types.is_decimal(kind):
        digits, scale = digits_of(kind)
        return CopyColumn(
            name, f"numeric({digits},{scale})", pa.decimal256(digits, scale)
        )
    if pa.types.is_timestamp(kind):
        zone = "with" if kind.tz else "without"
        arrow = pa.timestamp("us", tz="UTC" if kind.tz else None)
        return CopyColumn(name, f"timestamp {zone} time zone", arrow, ">i8")
    if pa.types.is_null(kind) or is_text(kind):
        return CopyColumn(name, "text", pa.large_string())
    if is_bytes(kind):
        return CopyColumn(name, "bytea", pa.large_binary())
    raise unsupported(name, kind, "PostgreSQL has no type for it")


def encode(batch: pa.RecordBatch, columns: Sequence[CopyColumn]) -> Iterator[bytes]:
    """Yield complete streams for COPY, of about 2 MiB each. None if there are no rows.

    Raises:
        UnsupportedTypeError: A value can't be sent exactly; names the column.
    """
    rows = max(1, PIECE_BYTES * batch.num_rows // max(1, batch.nbytes))
    for start in range(0, batch.num_rows, rows):
        yield _encode(batch.slice(start, rows), columns)


def _encode(batch: pa.RecordBatch, columns: Sequence[CopyColumn]) -> bytes:
    fields = [
        _field(array, column)
        for array, column in zip(batch.columns, columns, strict=True)
    ]
    sizes = np.full(batch.num_rows, 2, np.int64)
    for _, lengths, _ in fields:
        sizes += 4 + lengths
    at = np.cumsum(sizes) - sizes
    out = np.zeros(int(sizes.sum()), np.uint8)
    _put(out, at, np.full(batch.num_rows, len(columns), ">i2"))
    at += 2
    for data, lengths, nulls in fields:
        _put(out, at, np.where(nulls, -1, lengths).astype(">i4"))
        at += 4
        begins = np.cumsum(lengths) - lengths
        out[np.repeat(at - begins, lengths) + np.arange(len(data))] = data
        at += lengths
    return HEADER + out.tobytes() + TRAILER


def _put(out: Any, at: Any, numbers: Any) -> None:
    width = numbers.dtype.itemsize
    out[at[:, None] + np.arange(width)] = numbers.view(np.uint8).reshape(-1, width)


def _field(array: pa.Array, column: CopyColumn) -> tuple[Any, Any, Any]:
    """Return the bytes of all values, the length of each, and which are NULL."""
    try:
        array = array.cast(column.arrow)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as err:
        because = f"a value isn't exact as {column.type_name}"
        raise unsupported(column.name, array.type, because) from err
    nulls = array.is_null().to_numpy(zero_copy_only=False)
    if column.sent_as:
        numbers = _numbers(array, column)[~nulls]
        width = numbers.dtype.itemsize
        return numbers.view(np.uint8), np.where(nulls, 0, width), nulls
    if pa.types.is_decimal(array.type):
        array = _numerics(array)
    pieces = pc.fill_null(array.cast(pa.large_binary()), b"")
    _, offsets, buffer = pieces.buffers()
    at = np.frombuffer(offsets, np.int64, len(pieces) + 1, pieces.offset * 8)
    data = np.frombuffer(buffer or b"", np.uint8)[at[0] : at[-1]]
    if column.type_name == "text" and not data.all():
        raise unsupported(column.name, array.type, "a text holds the character 0")
    return data, np.diff(at), nulls


def _numbers(array: pa.Array, column: CopyColumn) -> Any:
    dtype = np.dtype(column.sent_as)
    native = dtype.newbyteorder("=")
    _, buffer = array.buffers()
    offset = array.offset * dtype.itemsize
    values = np.frombuffer(buffer or b"", native, len(array), offset)
    epoch = 0
    if pa.types.is_date(array.type):
        epoch = EPOCH_DAYS
    elif pa.types.is_timestamp(array.type):
        epoch = EPOCH_MICROSECONDS
    if epoch:
        # PostgreSQL reads the lowest number as -infinity.
        lowest = np.iinfo(native).min + epoch + 1
        if pc.any(pc.less(array.view(pa.from_numpy_dtype(native)), lowest)).as_py():
            raise unsupported(column.name, array.type, "a date is out of range")
        values = values - native.type(epoch)
    return values.astype(dtype)


def _numerics(array: pa.Array) -> pa.Array:
    scale = array.type.scale
    values = unscaled(array).to_pylist()
    sent = [None if each is None else _numeric(int(each), scale) for each in values]
    return pa.array(sent, pa.large_binary())


def _numeric(value: int, scale: int) -> bytes:
    """Return a numeric as it is sent; `value` is without its decimal point."""
    groups_after = -(-scale // BASE_DIGITS)
    rest = abs(value) * 10 ** (groups_after * BASE_DIGITS - scale)
    digits: list[int] = []
    while rest:
        rest, digit = divmod(rest, BASE)
        digits.append(digit)
    weight = len(digits) - 1 - groups_after
    sign = NEGATIVE if value < 0 else 0
    head = (len(digits), weight if digits else 0, sign, scale)
    return struct.pack(f">hhHh{len(digits)}h", *head, *reversed(digits))
