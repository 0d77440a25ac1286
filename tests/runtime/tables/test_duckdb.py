import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    UnsupportedTypeError,
    VerificationError,
)
from runtime.tables.duckdb import STALE_SECONDS, DuckDBTables, columns_of, exact

from tests.runtime.frames import BATCH, OLD, OLD_ROWS
from tests.runtime.places import DatabaseFile


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("IO Error: Could not set lock on file", DestinationUnavailableError),
        ("Binder Error: Unique file handle conflict", DestinationUnavailableError),
        ("Out of Memory Error: failed to pin block", DestinationUnavailableError),
        ('Constraint Error: Duplicate key "a: canary"', DestinationRejectedError),
        ("TransactionContext Error: conflict", DestinationUnavailableError),
        ("IO Error: Cannot open file: Permission denied", CredentialError),
        ("IO Error: it is no database", DestinationRejectedError),
        ("Catalog Error: no such schema", DestinationRejectedError),
    ],
)
def test_errors_of_the_engine_are_translated(
    said: str, expected: type[ConnectorError]
) -> None:
    destination = DuckDBTables(credentials={"path": "warehouse.duckdb"})
    error = destination.explain(Exception(said), "landing.example")
    assert type(error) is expected
    assert "landing.example" in error.where
    assert error.next_step
    assert "canary" not in str(error)


@pytest.mark.parametrize("limit", ["much", "0GB", "1", "-1GB"])
def test_a_limit_without_a_unit_is_refused(limit: str) -> None:
    with pytest.raises(CredentialError, match="memory_limit"):
        DuckDBTables(credentials={"path": "warehouse.duckdb", "memory_limit": limit})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.uint64(), "UBIGINT"),
        (pa.float16(), "FLOAT"),
        (pa.decimal32(5, 2), "DECIMAL(5,2)"),
        (pa.decimal256(38, 3), "DECIMAL(38,3)"),
        (pa.decimal128(5, -2), "DECIMAL(7,0)"),
        (pa.decimal128(2, 5), "DECIMAL(5,5)"),
        (pa.date64(), "DATE"),
        (pa.time32("s"), "TIME"),
        (pa.timestamp("ns"), "TIMESTAMP_NS"),
        (pa.timestamp("s", tz="Asia/Tokyo"), "TIMESTAMP WITH TIME ZONE"),
        (pa.string_view(), "VARCHAR"),
        (pa.dictionary(pa.int8(), pa.string()), "VARCHAR"),
        (pa.null(), "VARCHAR"),
        (pa.binary(3), "BLOB"),
    ],
    ids=str,
)
def test_each_type_has_a_type_of_the_database(kind: pa.DataType, expected: str) -> None:
    (column,) = columns_of(pa.schema([("value", kind)]))
    assert column.type_name == expected


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.int64()), pa.decimal256(39, 0), pa.duration("s")],
    ids=str,
)
def test_a_type_without_an_exact_counterpart_is_refused_by_its_column(
    kind: pa.DataType,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'"):
        columns_of(pa.schema([("value", kind)]))


def test_names_that_differ_only_in_case_are_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match="'Ä'"):
        columns_of(pa.schema([("Ä", pa.int64()), ("ä", pa.int64())]))


def numbers_of(kind: pa.DataType, *values: int) -> pa.Array:
    width = pa.int32() if pa.types.is_date(kind) else pa.int64()
    return pa.array(values, width).view(kind)


NOT_EXACT: list[Any] = [
    numbers_of(pa.time64("ns"), 1),
    numbers_of(pa.time64("us"), 86_400_000_000),
    numbers_of(pa.timestamp("ns", tz="UTC"), 1),
    numbers_of(pa.timestamp("s", tz="UTC"), 2**63 - 1),
    *(
        numbers_of(kind, limit)
        for kind, limits in {
            pa.date32(): (1 - 2**31, 2**31 - 1),
            pa.timestamp("s"): (-9_223_372_022_401, 9_223_372_036_855),
            pa.timestamp("ms"): (-9_223_372_022_400_001, 9_223_372_036_854_776),
            pa.timestamp("us"): (-9_223_372_022_400_000_001, 2**63 - 1),
            pa.timestamp("ns"): (-9_223_286_400_000_000_001, 2**63 - 1),
        }.items()
        for limit in limits
    ),
    pa.StringArray.from_buffers(
        1, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xff")
    ),
]


@pytest.mark.parametrize("array", NOT_EXACT, ids=lambda array: str(array.type))
def test_a_value_without_an_exact_counterpart_is_refused_by_its_column(
    array: pa.Array,
) -> None:
    (column,) = columns_of(pa.schema([("value", array.type)]))
    with pytest.raises(UnsupportedTypeError, match="'value'"):
        exact(array, column)


@pytest.fixture
def file(tmp_path: Path) -> DatabaseFile:
    """Return a database that doesn't exist yet."""
    return DatabaseFile(tmp_path / "it's a [warehouse].duckdb")


def beside(file: DatabaseFile) -> list[str]:
    return [path.name for path in file.path.parent.iterdir()]


def test_a_file_is_created_and_nothing_else_stays_beside_it(file: DatabaseFile) -> None:
    file.destination.from_df(OLD, "example")
    assert file.rows("example") == OLD_ROWS
    assert beside(file) == [file.path.name]


def test_without_hard_links_only_an_existing_file_is_written(
    file: DatabaseFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(DestinationRejectedError, match=r"no hard links.*connect"):
        file.destination.from_df(OLD, "example")
    assert beside(file) == []
    duckdb.connect(file.path).close()
    file.destination.from_df(OLD, "example")
    assert file.rows("example") == OLD_ROWS


def test_a_failed_load_creates_no_file(file: DatabaseFile) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield BATCH
        msg = "the source broke off"
        raise ConnectionError(msg)

    with pytest.raises(ConnectionError, match="the source broke off"):
        file.destination.from_batches(broken_off(), "example")
    assert beside(file) == []


def test_the_folder_of_a_load_killed_a_day_ago_is_deleted(file: DatabaseFile) -> None:
    old, new, other = (
        file.path.with_name(f".{name}.partial")
        for name in (f"{file.path.name}.old", f"{file.path.name}.new", "other.old")
    )
    for left in (old, new, other):
        left.mkdir()
        (left / "spool").touch()
        last = time.time() - (0 if left == new else STALE_SECONDS + 60)
        os.utime(left, (last, last))
    file.destination.from_df(OLD, "example")
    assert [left.exists() for left in (old, new, other)] == [False, True, True]


@pytest.mark.parametrize("mode", ["fail", "append"])
def test_a_file_that_another_process_has_open_can_be_retried(
    file: DatabaseFile, mode: str
) -> None:
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, file.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(DestinationUnavailableError, match="lock") as caught:
            file.destination.from_df(OLD, "example", mode=mode)
        other.communicate("\n")
    assert str(file.path) in caught.value.where
    file.destination.from_df(OLD, "example", mode=mode)
    assert file.rows("example") == OLD_ROWS


def test_a_file_that_this_process_has_open_can_be_retried(file: DatabaseFile) -> None:
    with duckdb.connect(file.path), pytest.raises(DestinationUnavailableError):
        file.destination.from_df(OLD, "example")
    file.destination.from_df(OLD, "example")


def test_values_keep_their_types(file: DatabaseFile) -> None:
    exact: dict[str, tuple[pa.DataType, list[Any]]] = {
        "UBIGINT": (pa.uint64(), [2**64 - 1, None]),
        "DECIMAL(38,10)": (
            pa.decimal128(38, 10),
            [Decimal("-9999999999999999999999999999.9999999999"), None],
        ),
        "VARCHAR": (pa.string(), ["", "a\0\U0010ffff"]),
        "BLOB": (pa.binary(), [b"\x00\xff", None]),
        "TIMESTAMP_NS": (pa.timestamp("ns"), [1, None]),
        "TIMESTAMP WITH TIME ZONE": (
            pa.timestamp("us", tz="Asia/Tokyo"),
            [datetime(1, 1, 1, tzinfo=UTC), None],
        ),
    }
    batch = pa.RecordBatch.from_pydict(
        {name: pa.array(values, kind) for name, (kind, values) in exact.items()}
    )
    seen: list[pa.Table] = []
    file.destination.from_batches(
        [batch],
        "example",
        check=lambda batches: seen.append(pa.Table.from_batches(batches)),
    )
    assert seen == [pa.Table.from_batches([batch])]
    described, _ = file.execute("DESCRIBE example")
    assert [kind for _, kind, *_ in described] == [*exact]
    rows, _ = file.execute(
        "SELECT * REPLACE (epoch_ns(TIMESTAMP_NS) AS TIMESTAMP_NS) FROM example"
    )
    assert rows == [*zip(*(values for _, values in exact.values()), strict=True)]


def test_a_unique_index_of_a_quoted_name_is_a_key(file: DatabaseFile) -> None:
    key = 'a "b" %s {}'
    df = pd.DataFrame({key: ["a"], "select": ["b"]})
    file.destination.from_df(df, 'the "table"')
    file.execute('CREATE UNIQUE INDEX i ON "the ""table""" ("a ""b"" %s {}")')
    file.destination.from_df(df, 'The "TABLE"', mode="upsert", key=[key])
    assert file.rows('"the ""table"""') == df.to_dict("records")


def test_upper_and_lower_case_name_the_same_table_to_a_retry(
    file: DatabaseFile,
) -> None:
    for table in ("example", "main.Example"):
        file.destination.from_df(OLD, table, mode="append", load_id="monday")
    assert file.rows("example") == OLD_ROWS


def test_rows_that_only_an_index_protects_stay(file: DatabaseFile) -> None:
    file.destination.from_df(OLD, "example")
    file.execute("CREATE UNIQUE INDEX i ON example (text)")
    with pytest.raises(DestinationRejectedError, match="constraint of the table") as no:
        file.destination.from_df(OLD, "example", mode="replace")
    assert "old" not in str(no.value)
    assert file.rows("example") == OLD_ROWS


def test_without_a_file_there_is_no_table(file: DatabaseFile) -> None:
    with pytest.raises(VerificationError, match="no such table"):
        file.destination.count("example")


def test_a_missing_folder_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "warehouse.duckdb"
    destination = DuckDBTables(credentials={"path": path})
    with pytest.raises(DestinationRejectedError, match="folder"):
        destination.from_df(OLD, "example")
    assert not path.parent.exists()


def test_a_file_that_is_no_database_stays_as_it_is(file: DatabaseFile) -> None:
    file.path.write_bytes(b"no database")
    for mode in ("fail", "append"):
        with pytest.raises(DestinationRejectedError, match="not a valid"):
            file.destination.from_df(OLD, "example", mode=mode)
    assert file.path.read_bytes() == b"no database"
