"""Checksums. The expected hashes are those of a PostgreSQL server."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from runtime.checksums import check_types, compare, hashes_of, sum_up
from runtime.exceptions import UnsupportedTypeError, VerificationError

LONG = "ü" * 3000  # such values are replaced by their SHA-256


def batch(**columns: Any) -> pa.RecordBatch:
    """Return a batch of these columns."""
    return pa.RecordBatch.from_pydict(columns)


ROWS = batch(number=[1, 1, None, 2], text=["a", "a", "", None])


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (True, pa.bool_(), 8379287892118237521),
        (-2, pa.int16(), 2320776527144273789),
        (-(2**31), pa.int32(), 14422943285067802947),
        (2**63 - 1, pa.int64(), 893936169028968790),
        (2**32 - 1, pa.uint32(), 8228280636233252028),
        (0.5, pa.float32(), 3885882612971997770),
        (-0.0, pa.float64(), 7158764605756612076),
        (0.0, pa.float64(), 2286485153433489650),
        (float("nan"), pa.float64(), 15448827661255605620),
        (date(1066, 10, 14), pa.date32(), 2348066396988065096),
        (time(23, 59, 59, 999999), pa.time64("us"), 7094277672062110345),
        (datetime(1999, 1, 1), pa.timestamp("us"), 10300756716804173338),
        (
            datetime(2024, 3, 31, tzinfo=UTC),
            pa.timestamp("us", tz="UTC"),
            4597828953991281272,
        ),
        ("", pa.string(), 2755504096093790112),
        ("twelve bytes", pa.string(), 5524862673995121598),
        ("ü and more, 25 bytes long", pa.string(), 12553267698693923572),
        (LONG, pa.string(), 4086403616649676257),
        (b"\x00\xff", pa.binary(), 8413202912854121041),
        (b"0123456789abcdef", pa.binary(16), 12944426264364011928),
        (Decimal("-1.10"), pa.decimal128(5, 2), 10106059099249149952),
        (Decimal("0.000000000001"), pa.decimal128(38, 20), 6178668063914961650),
        (Decimal("1e50"), pa.decimal256(76, 10), 9739169316357308251),
    ],
)
def test_a_hash_is_that_of_the_server(
    value: Any, kind: pa.DataType, expected: int
) -> None:
    array = pa.array([None, value, None], kind)
    assert hashes_of(array, 7).tolist() == [0, expected, 0]
    assert hashes_of(array.slice(1), 7).tolist() == [expected, 0]


def test_the_order_of_rows_and_batches_does_not_matter() -> None:
    backwards = [ROWS.take(pa.array([i])) for i in (3, 1, 2, 0)]
    assert sum_up(backwards) == sum_up([ROWS])


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (batch(number=[1, 1, None, 3], text=["a", "a", "", None]), "'number'"),
        (batch(number=[2, 2, None, 2], text=["a", "a", "", None]), "'number'"),
        (batch(number=[1, 1, 0, 2], text=["a", "a", "", None]), "'number'"),
        (batch(number=[1, 1, None, 2], text=["a", "a", None, ""]), "in the rows"),
        (batch(number=[1, 1, None, 2], text=["a", "a", None, None]), "'text'"),
        (batch(number=[1, None, 2], text=["a", "", None]), "number of rows"),
        (batch(number=[1, None, 1, 2], text=["a", "a", "", None]), "in the rows"),
        (batch(number=[1, 1, None, 2]), "'text'"),
    ],
)
def test_a_change_is_named(changed: pa.RecordBatch, named: str) -> None:
    with pytest.raises(VerificationError, match=named):
        compare(sum_up([ROWS]), sum_up([changed]), "file.parquet")


def test_values_on_the_limit_of_long_ones_differ() -> None:
    texts = ["x" * length for length in (1023, 1024, 1025, 1026)]
    assert len({*hashes_of(pa.array(texts), 1).tolist()}) == len(texts)


def test_no_rows_have_checksums_too() -> None:
    empty = sum_up([ROWS.slice(0, 0)])
    assert empty.rows == 0
    assert list(empty.columns) == ["number", "text"]


def test_a_type_without_a_checksum_names_its_column() -> None:
    with pytest.raises(UnsupportedTypeError, match=r"'lists'.*text.*verify"):
        check_types(pa.schema([("lists", pa.list_(pa.int32()))]))
