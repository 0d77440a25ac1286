import io

import pyarrow as pa
from pyarrow import parquet
import pytest

from acme.exceptions import (
    SchemaChangedError,
    UnsupportedFormatError,
)
from acme.formats import write_batches

BATCH = pa.RecordBatch.from_pydict({"number": [1, None], "text": ["", None]})


def test_parquet_keeps_every_value() -> None:
    sink = io.BytesIO()
    write_batches([BATCH, BATCH], sink, "file.parquet")
    assert parquet.read_table(sink) == pa.Table.from_batches([BATCH, BATCH])


def test_csv_tells_null_from_empty_text() -> None:
    sink = io.BytesIO()
    write_batches([BATCH], sink, "file.csv")
    assert sink.getvalue() == b'"number","text"\n1,""\n,\n'


def test_an_unknown_suffix_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"'\.txt'.*\.csv, \.parquet"):
        write_batches([BATCH], io.BytesIO(), "file.txt")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaChangedError, match=r"'text'.*to missing"):
        write_batches([BATCH, BATCH.select(["number"])], io.BytesIO(), "file.csv")


def test_another_order_of_columns_is_refused() -> None:
    other = BATCH.select(["text", "number"])
    with pytest.raises(SchemaChangedError, match="order"):
        write_batches([BATCH, other], io.BytesIO(), "file.csv")


def test_no_batch_at_all_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="needs a batch"):
        write_batches([], io.BytesIO(), "file.csv")
