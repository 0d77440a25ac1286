from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from runtime.values import HELD, IN_UTC, NAIVE, to_array, types_of

EAST = timezone(timedelta(hours=5, minutes=30))
ID = "67e55044-10b1-426f-9247-bb680e5fe0c8"


@pytest.mark.parametrize("kind", [*HELD, pa.decimal128(38, 10)])
def test_every_type_can_hold_null_and_nothing(kind: pa.DataType) -> None:
    assert to_array(kind, [None]).type == kind
    assert to_array(kind, []).type == kind


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.bool_(), True, True),
        (pa.int64(), -(2**63), -(2**63)),
        (pa.uint8(), 255, 255),
        (pa.float64(), 0.1, 0.1),
        (pa.string(), "a\0\U0001d11e", "a\0\U0001d11e"),
        (pa.string(), UUID(ID), ID),
        (pa.binary(), memoryview(b"\x00\xff"), b"\x00\xff"),
        (pa.decimal128(5, 2), Decimal("1.1"), Decimal("1.10")),
        (pa.date32(), date(1, 1, 1), date(1, 1, 1)),
        (pa.time64("us"), time(23, 59, 59, 999999), time(23, 59, 59, 999999)),
        (NAIVE, datetime(9999, 12, 31), datetime(9999, 12, 31)),
        (
            IN_UTC,
            datetime(2024, 1, 1, 5, 30, tzinfo=EAST),
            datetime(2024, 1, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_value_is_unchanged(kind: pa.DataType, value: Any, expected: Any) -> None:
    assert to_array(kind, [None, value]).to_pylist() == [None, expected]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.bool_(), 1),
        (pa.int64(), True),
        (pa.int64(), 1.0),
        (pa.int64(), 2**63),
        (pa.uint8(), -1),
        (pa.float64(), 1),
        (pa.float64(), Decimal("0.1")),
        (pa.string(), b"bytes"),
        (pa.string(), "\ud800"),
        (pa.binary(), "text"),
        (pa.decimal128(5, 2), Decimal("1.111")),
        (pa.decimal128(5, 2), Decimal(1000)),
        (pa.decimal128(5, 2), Decimal("NaN")),
        (pa.decimal128(5, 2), 1.5),
        (pa.date32(), datetime(2024, 2, 29)),
        (pa.time64("us"), time(1, tzinfo=EAST)),
        (pa.time64("us"), timedelta(1)),
        (NAIVE, date(2024, 2, 29)),
        (NAIVE, datetime(2024, 2, 29, tzinfo=EAST)),
        (IN_UTC, datetime(2024, 2, 29)),
    ],
)
def test_a_value_that_would_change_is_refused(kind: pa.DataType, value: Any) -> None:
    with pytest.raises(ValueError, match=r"values|surrogates"):
        to_array(kind, [None, value])


def test_the_types_of_values_leave_null_out() -> None:
    assert types_of([None, 1, "one", None, 2]) == {int, str}
    assert types_of([None]) == set()
