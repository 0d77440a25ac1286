from pathlib import Path
import sqlite3
from typing import Any

import pyarrow as pa
import pytest

from acme.exceptions import (
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.sources import SQLite
from acme.sources import sqlite as module
from acme.sources.base import BATCH_BYTES
from ..contracts.queries import LiveSQLContract
from .live import sqlite as live

COUNTED = (
    "WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL "
    "SELECT number + 1 FROM counted LIMIT {rows}) "
    "SELECT CAST(number AS INTEGER) AS number FROM counted"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    sqlite3.connect(path).close()
    return path


@pytest.fixture
def source(path: Path) -> SQLite:
    return SQLite(credentials={"path": path})


def fill(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


class TestSQLite(LiveSQLContract):
    rows_query = live.QUERY
    many_query = COUNTED.format(rows=1000)
    empty_query = f"{rows_query} WHERE column1 > 3"
    rejected_query = "SELECT * FROM no_such_table"

    @pytest.fixture
    def live_source(
        self,
        source: SQLite,
    ) -> SQLite:
        return source


@pytest.mark.parametrize(
    ("declared", "value", "kind", "expected"),
    [
        ("INTEGER", "-9223372036854775808", pa.int64(), -(2**63)),
        ("UNSIGNED BIG INT", "9223372036854775807", pa.int64(), 2**63 - 1),
        ("REAL", "0.1", pa.float64(), 0.1),
        ("DOUBLE PRECISION", "9e999", pa.float64(), float("inf")),
        ("DECIMAL(10, 2)", "1", pa.float64(), 1.0),
        ("BOOLEAN", "TRUE", pa.bool_(), True),
        ("VARCHAR(9)", "'a' || char(0) || 'ø𝄞'", pa.string(), "a\0ø𝄞"),
        ("DATETIME", "'2024-02-29'", pa.string(), "2024-02-29"),
        ("BLOB", "x'00ff'", pa.binary(), b"\x00\xff"),
        ("", "''", pa.string(), ""),
        ("JSON", "'{ }'", pa.string(), "{ }"),
    ],
)
def test_a_value_keeps_its_type(
    source: SQLite,
    path: Path,
    declared: str,
    value: str,
    kind: pa.DataType,
    expected: Any,
) -> None:
    fill(
        path,
        f"CREATE TABLE kept (value {declared}); "
        f"INSERT INTO kept VALUES (NULL), ({value});",
    )
    table = source.to_arrow("SELECT value FROM kept")
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == [None, expected]


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ("INTEGER", "(1), ('two')"),
        ("INTEGER", "(1), (1.5)"),
        ("TEXT", "('one'), (x'02')"),
        ("BLOB", "(x'01'), ('two')"),
        ("BOOLEAN", "(TRUE), (2)"),
        ("DATE", "('2024-02-29'), (19782)"),
        ("NUMERIC", "(1.5), (9007199254740993)"),
        ("", "(1), ('two')"),
        ("", "(1), (1.5)"),
    ],
)
def test_values_of_two_kinds_name_their_column_and_the_cast(
    source: SQLite,
    path: Path,
    declared: str,
    values: str,
) -> None:
    fill(
        path,
        f"CREATE TABLE mixed (value {declared}); INSERT INTO mixed VALUES {values};",
    )
    with pytest.raises(UnsupportedTypeError, match=r"'value'.* (cast|CAST)"):
        source.to_arrow("SELECT value FROM mixed")
    as_text = source.to_arrow("SELECT CAST(value AS TEXT) AS value FROM mixed")
    assert as_text.schema.field("value").type == pa.string()
    assert as_text.num_rows == 2


def test_text_that_is_none_names_its_column_and_the_cast(
    source: SQLite,
) -> None:
    with pytest.raises(UnsupportedTypeError, match=r'CAST\("value" AS BLOB') as caught:
        source.to_arrow("SELECT CAST(x'ff' AS TEXT) AS value")
    assert "'value'" in caught.value.what


def test_what_an_expression_holds_is_asked_of_all_rows(
    source: SQLite,
) -> None:
    table = source.to_arrow("SELECT nullif(column1, 1) + 1 AS n FROM (VALUES (1), (2))")
    assert table.to_pylist() == [{"n": None}, {"n": 3}]
    assert table.schema.field("n").type == pa.int64()


def test_only_a_query_is_taken(
    source: SQLite,
) -> None:
    for statement in ("PRAGMA table_list", "CREATE TABLE t (a)", "SELECT 1; SELECT 2"):
        with pytest.raises(QueryRejectedError):
            source.to_arrow(statement)


def test_nothing_is_written(
    source: SQLite,
    path: Path,
) -> None:
    before = path.read_bytes()
    source.to_arrow("SELECT 1 AS one; -- and no more")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_large_result_is_not_fetched_at_once(
    source: SQLite,
) -> None:
    batches = source.to_batches(COUNTED.format(rows=1_000_000_000))
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    batches.close()


def test_a_slow_query_is_given_up(
    source: SQLite,
) -> None:
    source.query_timeout = 1
    slow = COUNTED.format(rows=40_000_000)
    with pytest.raises(SourceUnavailableError, match="query_timeout"):
        source.to_arrow(f"SELECT CAST(sum(number) AS INTEGER) AS n FROM ({slow})")


def test_a_file_that_somebody_writes_is_worth_a_retry(
    source: SQLite,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    fill(path, "CREATE TABLE held (number INTEGER)")
    writer = sqlite3.connect(path)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceUnavailableError, match="locked"):
        source.to_arrow("SELECT * FROM held")
    writer.close()
    assert source.to_arrow("SELECT * FROM held").num_rows == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "unable to open"),
        (b"no database at all, but text" * 99, "not a database"),
    ],
)
def test_a_file_that_is_no_database_is_named(
    source: SQLite,
    path: Path,
    content: bytes | None,
    problem: str,
) -> None:
    path.unlink()
    if content:
        path.write_bytes(content)
    with pytest.raises(FatalError, match=problem) as caught:
        source.to_arrow("SELECT 1 AS one FROM sqlite_master")
    assert str(path) in caught.value.where


def test_a_column_that_was_dropped_is_named(
    source: SQLite,
    path: Path,
) -> None:
    fill(path, "CREATE TABLE kept (number INTEGER); ALTER TABLE kept ADD gone TEXT;")
    assert source.to_arrow("SELECT gone FROM kept").num_rows == 0
    fill(path, "ALTER TABLE kept DROP gone")
    with pytest.raises(QueryRejectedError, match="no such column: gone"):
        source.to_arrow("SELECT gone FROM kept")
