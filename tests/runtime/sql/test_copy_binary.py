import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from runtime.exceptions import UnsupportedTypeError
from runtime.sql.copy_binary import Column, decimal_type, decode

BOOL, BYTEA, INT8, INT4, TEXT, FLOAT8, DATE, TIME, TIMESTAMPTZ, NUMERIC, POINT = (
    *(16, 17, 20, 23, 25, 701, 1082, 1083, 1184, 1700, 600),
)


def column(
    type_code: int, precision: int | None = None, scale: int | None = None
) -> Column:
    described = SimpleNamespace(
        name="price", type_code=type_code, precision=precision, scale=scale
    )
    return Column.described(described)


def row(*fields: bytes | None) -> bytes:
    """Return a row as the server sends it."""
    parts = [struct.pack(">h", len(fields))]
    for field in fields:
        parts.append(struct.pack(">i", -1 if field is None else len(field)))
        parts.append(field or b"")
    return b"".join(parts)


def values(column: Column, fields: Sequence[bytes | None]) -> list[Any]:
    """Return the decoded values of a column between two others."""
    rows = [row(b"before", field, None) for field in fields]
    batch = decode(rows, [Column("first", TEXT_LAYOUT), column, column])
    assert batch.column(0).to_pylist() == ["before"] * len(fields)
    assert batch.column(2).null_count == len(fields)
    return list(batch.column(1).to_pylist())


TEXT_LAYOUT = column(TEXT).layout


@pytest.mark.parametrize(
    ("type_code", "sent", "expected"),
    [
        (BOOL, b"\x01", True),
        (BYTEA, b"\x00\xff", b"\x00\xff"),
        (INT4, struct.pack(">i", -(2**31)), -(2**31)),
        (INT8, struct.pack(">q", 2**63 - 1), 2**63 - 1),
        (FLOAT8, struct.pack(">d", 0.1), 0.1),
        (TEXT, "ü".encode(), "ü"),
        (TEXT, b"", ""),
        (DATE, struct.pack(">i", -1), date(1999, 12, 31)),
        (POINT, b"(1,2)", "(1,2)"),
    ],
)
def test_a_value_is_decoded_and_null_is_not(
    type_code: int, sent: bytes, expected: Any
) -> None:
    assert values(column(type_code), [sent, None, sent]) == [expected, None, expected]
    assert values(column(type_code), [None]) == [None]
    assert values(column(type_code), []) == []


def test_a_number_keeps_its_scale() -> None:
    assert values(column(NUMERIC, 5, 2), [b"1.10", b"-0.01"]) == [
        Decimal("1.10"),
        Decimal("-0.01"),
    ]


@pytest.mark.parametrize(
    ("type_code", "sent", "shown"),
    [
        (DATE, struct.pack(">i", 2**31 - 1), "infinity"),
        (TIME, struct.pack(">q", 86_400_000_000), "24:00:00"),
        (TIMESTAMPTZ, struct.pack(">q", -(2**63)), "-infinity"),
        (TIMESTAMPTZ, struct.pack(">q", 2**63 - 2), "after the year"),
    ],
)
def test_an_unsupported_value_names_its_column_and_a_cast(
    type_code: int, sent: bytes, shown: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match=rf'{shown}.*"price"::text'):
        values(column(type_code), [None, sent])


def test_a_null_does_not_take_the_bytes_after_it() -> None:
    midnight = struct.pack(">q", 86_400_000_000)
    bytes_after = midnight[4:] + bytes(16)  # whose length is midnight's first half
    columns = [column(TIME), column(BYTEA)]
    batch = decode([row(None, bytes_after)], columns)
    assert batch.column(0).to_pylist() == [None]
    assert batch.column(1).to_pylist() == [bytes_after]


def test_bytes_that_are_not_utf_8_are_refused_with_a_cast() -> None:
    with pytest.raises(UnsupportedTypeError, match=r'UTF-8.*convert_to\("price"::text'):
        values(column(TEXT), [b"a", b"\xff"])


def test_a_cast_quotes_the_name_as_postgresql_does() -> None:
    name = 'the "price" {}'
    infinite = replace(column(DATE), name=name)
    with pytest.raises(UnsupportedTypeError, match=r'"the ""price"" {}"::text AS'):
        decode([row(struct.pack(">i", 2**31 - 1))], [infinite])


def test_a_decimal_can_not_be_nan() -> None:
    with pytest.raises(UnsupportedTypeError, match="NaN"):
        values(column(NUMERIC, 5, 2), [b"NaN"])


@pytest.mark.parametrize(
    ("precision", "scale", "expected"),
    [
        (10, 2, pa.decimal128(10, 2)),
        (38, 0, pa.decimal128(38, 0)),
        (39, 39, pa.decimal256(39, 39)),
        (76, 10, pa.decimal256(76, 10)),
        (77, 10, pa.string()),
        (3, 5, pa.decimal128(5, 5)),
        (2, 2**11 - 3, pa.decimal128(5, 0)),  # a scale of -3, in 11 bits
        (None, None, pa.string()),
    ],
)
def test_numeric_is_a_decimal_if_one_can_hold_it(
    precision: int | None, scale: int | None, expected: pa.DataType
) -> None:
    assert decimal_type(precision, scale) == expected
