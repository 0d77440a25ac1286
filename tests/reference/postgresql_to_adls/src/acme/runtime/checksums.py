"""Checksums of a table: one of each column, and one across rows.

A value's hash is PostgreSQL's hash of the bytes that COPY sends for it in binary form.
PostgreSQL can't change this hash, because its hash partitions depend on it. Sums of
hashes don't depend on the order of rows, and two equal values don't cancel each other.
https://github.com/postgres/postgres/blob/master/src/common/hashfn.c
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from .exceptions import UnsupportedTypeError, VerificationError

# PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01.
EPOCH_DAYS = 10_957
EPOCH_MICROSECONDS = EPOCH_DAYS * 86_400 * 1_000_000

SUMS = 2**64
LONG_BYTES = 1024  # a longer value is replaced by its SHA-256

WORD = np.dtype("<u4")
BLOCK_BYTES = 3 * WORD.itemsize
START = 0x9E3779B9 + 3923095

# Arrow type -> the type of the number sent, and what is added to Arrow's number first.
NUMBERS: dict[pa.DataType, tuple[str, int]] = {
    pa.bool_(): (">u1", 0),
    pa.int16(): (">i2", 0),
    pa.int32(): (">i4", 0),
    pa.int64(): (">i8", 0),
    pa.uint32(): (">u4", 0),
    pa.float32(): (">f4", 0),
    pa.float64(): (">f8", 0),
    pa.date32(): (">i4", -EPOCH_DAYS),
    pa.time64("us"): (">i8", 0),
    pa.timestamp("us"): (">i8", -EPOCH_MICROSECONDS),
    pa.timestamp("us", tz="UTC"): (">i8", -EPOCH_MICROSECONDS),
}


@dataclass(frozen=True)
class ColumnSum:
    """The checksum of a column's values, in any order.

    Attributes:
        nulls: How many.
        hashes: The sum of the other values' hashes, as 16 hex digits.
    """

    nulls: int
    hashes: str


@dataclass(frozen=True)
class Checksums:
    """The checksums of a table.

    Attributes:
        rows: How many.
        columns: By name.
        across: The sum of the rows' hashes, as 16 hex digits. It changes if two rows
            exchange values.
    """

    rows: int
    columns: dict[str, ColumnSum]
    across: str


def as_sum(total: int) -> str:
    """Return a sum of hashes in its text form: 16 hex digits."""
    return f"{total % SUMS:016x}"


def check_types(schema: pa.Schema) -> None:
    """Raise unless all columns have checksums.

    Raises:
        UnsupportedTypeError: One has none; names it.
    """
    for field in schema:
        if field.type not in NUMBERS and not _is_bytes(field.type):
            raise UnsupportedTypeError(
                f"The column '{field.name}' ({field.type}) has no checksum.",
                f"column '{field.name}'",
                'cast it to text in the query, or load with verify="bytes".',
            )


def sum_up(batches: Iterable[pa.RecordBatch]) -> Checksums:
    """Return the checksums of batches of one schema. Memory: a few times a batch.

    Args:
        batches: At least one, which may have no rows.

    Raises:
        UnsupportedTypeError: A column has no checksum; names it.
    """
    rows = across = 0
    nulls: dict[str, int] = {}
    sums: dict[str, int] = {}
    for batch in batches:
        if not sums:
            check_types(batch.schema)
        of_rows = np.zeros(batch.num_rows, np.uint64)
        for seed, name in enumerate(batch.schema.names, start=1):
            column = batch.column(name)
            hashes = hashes_of(column, seed)
            of_rows ^= hashes
            nulls[name] = nulls.get(name, 0) + column.null_count
            sums[name] = sums.get(name, 0) + int(hashes.sum(dtype=np.uint64))
        rows += batch.num_rows
        across += int(of_rows.sum(dtype=np.uint64))
    columns = {name: ColumnSum(nulls[name], as_sum(sums[name])) for name in sums}
    return Checksums(rows, columns, as_sum(across))


def compare(expected: Checksums, found: Checksums, where: str) -> None:
    """Raise unless two tables have the same checksums.

    Args:
        expected: Those of the source.
        found: Those of the data that was read back.
        where: Where it was read back, for the error.

    Raises:
        VerificationError: They differ; names the first column that does.
    """
    if found == expected:
        return
    differing = [
        f"the column '{name}': {sums} in the source, {found.columns.get(name)} here"
        for name, sums in expected.columns.items()
        if found.columns.get(name) != sums
    ]
    if found.rows != expected.rows:
        what = f"the number of rows: {expected.rows} in the source, {found.rows} here"
    elif differing:
        what = differing[0]
    else:
        what = f"the rows: {expected.across} in the source, {found.across} here"
    raise VerificationError(
        f"What was written differs from the source in {what}.",
        where,
        "run it again; if the query returns other rows each time, make it repeatable.",
    )


def hashes_of(array: pa.Array, seed: int) -> Any:
    """Return the hash of each value as an unsigned 64-bit number, and 0 for NULL.

    Args:
        array: Of a type that `check_types` accepts.
        seed: Another seed yields other hashes.
    """
    if array.null_count == len(array):
        return np.zeros(len(array), np.uint64)
    data, starts, lengths = _as_sent(array)
    hashes = hash_bytes(data, starts, lengths, seed)
    if array.null_count:
        hashes[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return hashes


def hash_bytes(data: Any, starts: Any, lengths: Any, seed: int) -> Any:
    """Return PostgreSQL's `hash_bytes_extended` of pieces of `data`.

    Args:
        data: An array of bytes, followed by a block of padding.
        starts: The offset of each piece in `data`.
        lengths: The number of bytes of each piece.
        seed: Not 0, and less than 2**32.
    """
    words = np.ndarray(len(data) - WORD.itemsize + 1, WORD, data.data, 0, (1,))
    a = lengths.astype(np.uint32) + np.uint32(START)
    b, c = a + np.uint32(seed), a.copy()
    _mix(a, b, c)
    blocks = lengths // BLOCK_BYTES
    for number in range(int(blocks.max(initial=0))):
        longer = np.flatnonzero(blocks > number)
        at = starts[longer] + number * BLOCK_BYTES
        parts = [part[longer] for part in (a, b, c)]
        for part, offset in zip(parts, (0, 4, 8), strict=True):
            np.add(part, words[at + offset], out=part)
        _mix(*parts)
        a[longer], b[longer], c[longer] = parts
    at = starts + blocks * BLOCK_BYTES
    rest = lengths - blocks * BLOCK_BYTES
    a += words[at] & _mask(rest)
    b += words[at + 4] & _mask(rest - 4)
    c += (words[at + 8] & _mask(rest - 8)) << np.uint32(
        8
    )  # its first byte holds the length
    _finish(a, b, c)
    return b.astype(np.uint64) << np.uint64(32) | c


def _is_bytes(kind: pa.DataType) -> bool:
    kinds = (
        pa.types.is_string,
        pa.types.is_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_decimal,
    )
    return any(is_kind(kind) for is_kind in kinds)


def _as_sent(array: pa.Array) -> tuple[Any, Any, Any]:
    """Return bytes, and the offset and the length of each value in them."""
    if array.type in NUMBERS:
        dtype, added = NUMBERS[array.type]
        width = np.dtype(dtype).itemsize
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.uint8())
        native = np.dtype(dtype).newbyteorder("=")
        _, buffer = array.buffers()
        values = np.frombuffer(buffer, native, len(array), array.offset * width)
        sent = (values + native.type(added) if added else values).astype(dtype)
        return _padded(sent.tobytes()), *_evenly(len(array), width)
    if pa.types.is_decimal(array.type):
        array = unscaled(array)
    elif pa.types.is_fixed_size_binary(array.type):
        array = array.cast(pa.binary())
    _, offsets, buffer = array.buffers()
    at = np.frombuffer(offsets, np.int32, len(array) + 1, array.offset * 4)
    first, last = int(at[0]), int(at[-1])
    data = bytes(memoryview(buffer or b"")[first:last])
    lengths = np.diff(at).astype(np.int64)
    if lengths.max() > LONG_BYTES:
        pieces = [data[begin - first : end - first] for begin, end in pairwise(at)]
        pieces = [
            sha256(piece).digest() if len(piece) > LONG_BYTES else piece
            for piece in pieces
        ]
        data = b"".join(pieces)
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    return _padded(data), np.cumsum(lengths) - lengths, lengths


def unscaled(array: pa.Array) -> pa.Array:
    """Return decimals as text without their decimal point: 110 for 1.10."""
    wide = pa.types.is_decimal256(array.type)
    whole = (pa.decimal256 if wide else pa.decimal128)(array.type.precision, 0)
    buffers = array.buffers()
    digits = pa.Array.from_buffers(
        whole, len(array), buffers, array.null_count, array.offset
    )
    return digits.cast(pa.string())


def _padded(data: bytes) -> Any:
    return np.frombuffer(data + bytes(BLOCK_BYTES + WORD.itemsize), np.uint8)


def _evenly(count: int, width: int) -> tuple[Any, Any]:
    return np.arange(count, dtype=np.int64) * width, np.full(count, width, np.int64)


def _mask(present: Any) -> Any:
    """Return the mask that keeps the first 0 to 4 bytes of a word."""
    bits = np.clip(present, 0, 4).astype(np.uint64) * np.uint64(8)
    return ((np.uint64(1) << bits) - np.uint64(1)).astype(np.uint32)


def _rotated(word: Any, bits: int) -> Any:
    return word << np.uint32(bits) | word >> np.uint32(32 - bits)


def _mix(a: Any, b: Any, c: Any) -> None:
    """Mix three words, in place."""
    for x, y, z, bits in (
        (a, b, c, 4),
        (b, c, a, 6),
        (c, a, b, 8),
        (a, b, c, 16),
        (b, c, a, 19),
        (c, a, b, 4),
    ):
        np.subtract(x, z, out=x)
        np.bitwise_xor(x, _rotated(z, bits), out=x)
        np.add(z, y, out=z)


def _finish(a: Any, b: Any, c: Any) -> None:
    """Mix three words for the last time, in place."""
    for x, y, bits in (
        (c, b, 14),
        (a, c, 11),
        (b, a, 25),
        (c, b, 16),
        (a, c, 4),
        (b, a, 14),
        (c, b, 24),
    ):
        np.bitwise_xor(x, y, out=x)
        np.subtract(x, _rotated(y, bits), out=x)
