import sys
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pytest
from runtime.connector import Credentials
from runtime.exceptions import (
    EmptyResultError,
    MissingExtraError,
    UnsupportedTypeError,
)
from runtime.signals import SKIP
from runtime.source import Source, batch_limit, fitting_rows

NUMBERS = pa.RecordBatch.from_pydict(
    {"number": pa.array([1, None, 2**60]), "price": pa.array(["1.10", "2", None])}
).cast(pa.schema([("number", pa.int64()), ("price", pa.decimal128(5, 2))]))


class Fixed(Source):
    """Yields one batch, or the part of it that the query names."""

    credentials_model: ClassVar[type[Credentials]] = Credentials
    batch = NUMBERS

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        yield self.batch.slice(0, 0 if query == "nothing" else None)


@pytest.fixture
def source() -> Fixed:
    return Fixed(credentials={})


def test_a_table_holds_the_batches(source: Fixed) -> None:
    assert source.to_arrow("all").equals(pa.Table.from_batches([NUMBERS]))


def test_a_data_frame_keeps_the_types_of_its_columns(source: Fixed) -> None:
    df = source.to_df("all")
    assert [dtype.pyarrow_dtype for dtype in df.dtypes] == NUMBERS.schema.types
    assert df["number"].dropna().tolist() == [1, 2**60]


def test_polars_keeps_the_types_of_the_columns(source: Fixed) -> None:
    polars = pytest.importorskip("polars")
    df = source.to_polars("all")
    assert df.schema == {"number": polars.Int64, "price": polars.Decimal(5, 2)}
    assert df["number"].to_list() == [1, None, 2**60]


def test_polars_has_no_decimal_of_more_than_38_digits(source: Fixed) -> None:
    pytest.importorskip("polars")
    schema = pa.schema([("price", pa.decimal256(39, 0))])
    source.batch = pa.RecordBatch.from_pylist([{"price": None}], schema=schema)
    with pytest.raises(UnsupportedTypeError, match=r"'price' \(decimal256"):
        source.to_polars("all")


def test_without_polars_its_name_is_in_the_error(
    source: Fixed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match="pip install 'polars'"):
        source.to_polars("all")


def test_an_empty_result_keeps_its_columns_and_warns(
    source: Fixed, caplog: pytest.LogCaptureFixture
) -> None:
    table = source.to_arrow("nothing")
    assert (table.num_rows, table.schema) == (0, NUMBERS.schema)
    assert "no rows. Where: given credentials." in caplog.text


@pytest.mark.parametrize("method", ["to_arrow", "to_df", "to_polars"])
def test_an_empty_result_is_skipped_or_fails_on_request(
    source: Fixed, method: str
) -> None:
    read = getattr(source, method)
    with pytest.raises(SKIP):
        read("nothing", if_empty="skip")
    with pytest.raises(EmptyResultError, match="Where: given credentials"):
        read("nothing", if_empty="fail")


def test_by_default_a_reading_reads_from_its_source(source: Fixed) -> None:
    with source.snapshot() as reading:
        assert list(reading.to_batches("all")) == [NUMBERS]
        assert reading.id is None
        with pytest.raises(NotImplementedError):
            reading.checksums("all")


@pytest.mark.parametrize(
    ("columns", "mebibytes"), [(1, 2), (50, 2), (100, 4), (200, 8), (1600, 8)]
)
def test_wide_batches_are_longer_unless_the_caller_limits_them(
    columns: int, mebibytes: int
) -> None:
    assert batch_limit(None, columns) == mebibytes * 1024 * 1024
    assert batch_limit(1000, columns) == 1000


@pytest.mark.parametrize(
    ("rows", "batch_bytes", "expected"),
    [
        (100, 8 * 1000, 500),  # five times as many at most
        (100, 8 * 200, 200),
        (100, 8 * 10, 10),
        (100, 1, 1),
        (0, 8 * 10, 1),
    ],
)
def test_the_rows_of_a_batch_are_estimated_from_the_previous_one(
    rows: int, batch_bytes: int, expected: int
) -> None:
    batch = pa.RecordBatch.from_pydict({"number": pa.array([7] * rows, pa.int64())})
    assert fitting_rows(batch, batch_bytes) == expected
