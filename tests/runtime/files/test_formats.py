import gc
import io
import sys
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256

import pyarrow as pa
import pytest
from pyarrow import parquet
from runtime.destination import Written
from runtime.exceptions import (
    SchemaChangedError,
    UnsupportedFormatError,
    UnsupportedTypeError,
    VerificationError,
)
from runtime.files import formats
from runtime.files.formats import check_suffix, read_batches, write_batches

MAGIC_BYTES = 4  # before the first column of a Parquet file
BATCH = pa.RecordBatch.from_pydict({"number": [1, None], "text": ["", None]})


def test_parquet_keeps_every_value() -> None:
    sink = io.BytesIO()
    write_batches([BATCH, BATCH], sink, "file.parquet")
    assert parquet.read_table(sink) == pa.Table.from_batches([BATCH, BATCH])


def test_a_parquet_file_is_read_back_and_its_checksums_are_verified() -> None:
    sink = io.BytesIO()
    write_batches([BATCH, BATCH], sink, "file.parquet")
    first, *others = read_batches(sink, "file.parquet")
    assert first == BATCH.slice(2)
    assert pa.Table.from_batches(others) == pa.Table.from_batches([BATCH, BATCH])
    whole = sink.getvalue()
    column = parquet.ParquetFile(sink).metadata.row_group(0).column(0)
    last = MAGIC_BYTES + column.total_compressed_size - 1
    damaged = whole[:last] + bytes([whole[last] ^ 1]) + whole[last + 1 :]
    for content in (damaged, whole[:-1], b""):
        with pytest.raises(VerificationError, match=r"Where: file\.parquet"):
            list(read_batches(io.BytesIO(content), "file.parquet"))


def test_csv_distinguishes_null_from_empty_text() -> None:
    sink = io.BytesIO()
    write_batches([BATCH], sink, "file.csv")
    assert sink.getvalue() == b'"number","text"\n1,""\n,\n'


def test_csv_writes_bytes_as_hex_digits() -> None:
    batch = pa.RecordBatch.from_pydict({"bytes": [b"\x00\xff", b"", None]})
    sink = io.BytesIO()
    write_batches([batch], sink, "file.csv")
    assert sink.getvalue() == b'"bytes"\n"00ff"\n""\n\n'


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize(
    "kind", [pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC")], ids=str
)
@pytest.mark.parametrize("years", [-40_000, 40_000])
def test_a_date_too_far_from_1970_is_refused_not_written_as_another(
    suffix: str, kind: pa.DataType, years: int
) -> None:
    in_a_day = 1 if kind == pa.date32() else 86_400 * 10**6
    stored = pa.int32() if kind == pa.date32() else pa.int64()
    far = pa.array([None, years * 365 * in_a_day], stored).cast(kind)
    batch = pa.RecordBatch.from_arrays([far], names=["seen"])
    with pytest.raises(UnsupportedTypeError, match="'seen'"):
        write_batches([batch], io.BytesIO(), f"file{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.int64()),
        pa.struct([("a", pa.int64())]),
        pa.map_(pa.string(), pa.int64()),
        pa.duration("s"),
        pa.month_day_nano_interval(),
    ],
    ids=str,
)
@pytest.mark.parametrize("rows", [0, 1])
def test_a_type_without_an_exact_text_is_refused_by_its_column(
    suffix: str, kind: pa.DataType, rows: int
) -> None:
    schema = pa.schema([("seen", kind)])
    batch = pa.RecordBatch.from_pylist([{}] * rows, schema=schema)
    with pytest.raises(UnsupportedTypeError, match=r"'seen'.*Parquet"):
        write_batches([batch], io.BytesIO(), f"file{suffix}")


@pytest.mark.parametrize(
    "kind", [pa.binary_view(), pa.dictionary(pa.int8(), pa.binary())], ids=str
)
def test_bytes_of_any_kind_are_written_as_hex_digits(kind: pa.DataType) -> None:
    column = pa.array([b"\xff"]).cast(kind)
    batch = pa.RecordBatch.from_arrays([column], names=["bytes"])
    lines, table = io.BytesIO(), io.BytesIO()
    write_batches([batch], lines, "file.jsonl")
    write_batches([batch], table, "file.csv")
    assert lines.getvalue() == b'{"bytes":"ff"}\n'
    assert table.getvalue() == b'"bytes"\n"ff"\n'


@pytest.mark.parametrize(
    "kind", [pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str
)
def test_text_of_any_kind_is_written_as_text(kind: pa.DataType) -> None:
    column = pa.array(["a"]).cast(kind)
    batch = pa.RecordBatch.from_arrays([column], names=["text"])
    lines, table = io.BytesIO(), io.BytesIO()
    write_batches([batch], lines, "file.jsonl")
    write_batches([batch], table, "file.csv")
    assert lines.getvalue() == b'{"text":"a"}\n'
    assert table.getvalue() == b'"text"\n"a"\n'


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_two_columns_of_one_name_are_refused_before_anything_is_written(
    suffix: str,
) -> None:
    twice = pa.RecordBatch.from_arrays([BATCH["text"]] * 2, names=["seen", "seen"])
    sink = io.BytesIO()
    with pytest.raises(UnsupportedTypeError, match="'seen'"):
        write_batches([twice], sink, f"file{suffix}")
    assert not sink.getvalue()


def test_json_lines_hold_values_without_a_number_of_json_as_text() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "large": [2**63 - 1, None],
            "exact": pa.array([Decimal("0.10"), None]),
            "float": [float("nan"), 0.5],
            "bytes": [b"\xff", None],
            "text": ["ü\n", ""],
        }
    )
    sink = io.BytesIO()
    written = write_batches([batch], sink, "file.jsonl")
    assert sink.getvalue().decode().splitlines() == [
        (
            '{"large":9223372036854775807,"exact":"0.10","float":"nan",'
            '"bytes":"ff","text":"ü\\n"}'
        ),
        '{"large":null,"exact":null,"float":0.5,"bytes":null,"text":""}',
    ]
    assert written == Written(
        "file.jsonl", 2, len(sink.getvalue()), sha256(sink.getvalue()).hexdigest()
    )


def test_parquet_has_groups_of_rows_and_dictionaries_where_values_repeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formats, "ROW_GROUP_BYTES", 10_000)
    batches = [
        pa.RecordBatch.from_pydict(
            {"number": [*range(500 * i, 500 * i + 500)], "text": ["again", ""] * 250}
        )
        for i in range(5)
    ]
    sink = io.BytesIO()
    write_batches(batches, sink, "file.parquet")
    metadata = parquet.ParquetFile(sink).metadata
    assert [metadata.row_group(i).num_rows for i in range(3)] == [1000, 1000, 500]
    number, text = (metadata.row_group(0).column(i) for i in range(2))
    assert not number.has_dictionary_page
    assert text.has_dictionary_page
    assert (number.statistics.min, number.statistics.max) == (0, 999)


def test_an_unknown_suffix_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"'\.txt'.*\.csv, \.jsonl"):
        write_batches([BATCH], io.BytesIO(), "file.txt")
    assert check_suffix("folder.txt/file.csv") == ".csv"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaChangedError, match=r"'text'.*to missing"):
        write_batches([BATCH, BATCH.select(["number"])], io.BytesIO(), "file.csv")


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_nothing_is_written_after_a_failure(
    suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from [BATCH] * 2
        raise ConnectionError

    monkeypatch.setattr(formats, "ROW_GROUP_BYTES", 1)
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    # The file is closed before the writer is deleted.
    with pytest.raises(ConnectionError), io.BytesIO() as sink:
        write_batches(batches(), sink, f"numbers{suffix}")
    gc.collect()
    assert not ignored
