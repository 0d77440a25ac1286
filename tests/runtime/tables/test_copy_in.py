"""Encoding for COPY, checked with the decoder, which is tested on real servers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from runtime.exceptions import UnsupportedTypeError
from runtime.sql import copy_binary
from runtime.tables.copy_in import HEADER, TRAILER, columns_of, encode

# Arrow type -> PostgreSQL's OID, and values at its limits.
EXACT: dict[pa.DataType, tuple[int, list[Any]]] = {
    pa.bool_(): (16, [True, None, False]),
    pa.int16(): (21, [-(2**15), None, 2**15 - 1]),
    pa.int32(): (23, [-(2**31), None, 2**31 - 1]),
    pa.int64(): (20, [-(2**63), None, 2**63 - 1]),
    pa.float32(): (700, [1.5, None, float("-inf")]),
    pa.float64(): (701, [0.1, None, 5e-324]),
    pa.string(): (25, ["", None, "a\n\\N", "\U0010ffff", ""]),
    pa.binary(): (17, [b"", None, b"\x00\xff"]),
    pa.date32(): (1082, [date(1, 1, 1), None, date(9999, 12, 31)]),
    pa.time64("us"): (1083, [time(0), None, time(23, 59, 59, 999_999)]),
    pa.timestamp("us"): (1114, [datetime(1, 1, 1), None, datetime(2000, 1, 1)]),
    pa.timestamp("us", tz="UTC"): (
        1184,
        [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), None],
    ),
}


def batch_of(kind: pa.DataType, values: list[Any]) -> pa.RecordBatch:
    columns = [pa.array(values, kind), pa.array(range(len(values)), pa.int64())]
    return pa.RecordBatch.from_arrays(columns, names=["value", "number"])


def rows_of(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Yield the bytes of each row."""
    for number in range(batch.num_rows):
        one = batch.slice(number, 1)
        (stream,) = encode(one, columns_of(batch.schema))
        yield stream.removeprefix(HEADER).removesuffix(TRAILER)


@pytest.mark.parametrize("kind", EXACT, ids=str)
def test_batches_are_sent_as_they_are_received(kind: pa.DataType) -> None:
    oid, values = EXACT[kind]
    batch = batch_of(kind, values)
    columns = [
        copy_binary.Column("value", copy_binary.LAYOUTS[oid]),
        copy_binary.Column("number", copy_binary.LAYOUTS[20]),
    ]
    assert copy_binary.decode(list(rows_of(batch)), columns) == batch
    together = b"".join(encode(batch, columns_of(batch.schema)))
    assert together == HEADER + b"".join(rows_of(batch)) + TRAILER


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0.00", "0000 0000 0000 0002"),
        ("1.10", "0002 0000 0000 0002 0001 03e8"),
        ("-12345.67", "0003 0001 4000 0002 0001 0929 1a2c"),
        ("0.01", "0001 ffff 0000 0002 0064"),
    ],
)
def test_a_decimal_is_sent_in_digits_of_ten_thousand(text: str, digits: str) -> None:
    batch = pa.RecordBatch.from_pydict(
        {"value": pa.array([Decimal(text)], pa.decimal128(10, 2))}
    )
    (row,) = rows_of(batch)
    assert row[6:] == bytes.fromhex(digits)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.uint32(), "bigint"),
        (pa.uint64(), "numeric(20,0)"),
        (pa.decimal256(50, 3), "numeric(50,3)"),
        (pa.decimal128(5, -2), "numeric(7,0)"),
        (pa.null(), "text"),
        (pa.dictionary(pa.int8(), pa.string()), "text"),
        (pa.timestamp("ns"), "timestamp without time zone"),
        (pa.timestamp("s", tz="Asia/Tokyo"), "timestamp with time zone"),
    ],
    ids=str,
)
def test_each_type_has_a_type_of_postgresql(kind: pa.DataType, expected: str) -> None:
    (column,) = columns_of(pa.schema([("value", kind)]))
    assert column.type_name == expected


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1], pa.timestamp("ns")),
        pa.array(["a\0b"]),
        pa.array([-(2**31)], pa.int32()).cast(pa.date32()),
        pa.array([-(2**63)], pa.timestamp("us")),
        pa.array([[1]]),
    ],
    ids=["nanoseconds", "character 0", "date", "timestamp", "list"],
)
def test_a_value_without_an_exact_counterpart_is_refused_by_its_column(
    array: pa.Array,
) -> None:
    batch = pa.RecordBatch.from_arrays([array], names=["value"])
    with pytest.raises(UnsupportedTypeError, match="'value'"):
        list(encode(batch, columns_of(batch.schema)))


def test_a_name_that_would_be_truncated_is_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match="63 bytes"):
        columns_of(pa.schema([("ü" * 32, pa.int64())]))


def test_long_batches_are_sent_in_pieces() -> None:
    batch = pa.RecordBatch.from_pydict({"value": [b"x" * 1024 * 1024] * 8})
    pieces = list(encode(batch, columns_of(batch.schema)))
    assert len(pieces) > 1
    assert sum(piece.count(b"x") for piece in pieces) == 8 * 1024 * 1024
