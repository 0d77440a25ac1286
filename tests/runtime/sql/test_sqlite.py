import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from runtime.sql import sqlite as module
from runtime.sql.sqlite import SQLite

from tests.runtime.sql.contract import DatabaseContract, counted
from tests.runtime.sql.databases import OnSQLite


@pytest.fixture
def source(sqlite_path: Path) -> SQLite:
    return SQLite(credentials={"path": sqlite_path})


def fill(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


class TestSQLite(OnSQLite, DatabaseContract):
    live = counted(
        "WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL "
        "SELECT number + 1 FROM counted LIMIT {rows}) "
        "SELECT CAST(number AS INTEGER) AS number FROM counted"
    )

    @pytest.fixture
    def source(self, sqlite_path: Path) -> SQLite:
        return SQLite(credentials={"path": sqlite_path})


def test_the_address_opens_a_file_read_only() -> None:
    source = SQLite(credentials={"path": "data/100% #1?.sqlite"})
    assert source.url.database == "file:data/100%25%20%231%3F.sqlite"
    assert source.url.query == {"mode": "ro", "uri": "true"}


def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    path = tmp_path / "100% #1?ø.sqlite"
    sqlite3.connect(path).close()
    source = SQLite(credentials={"path": path})
    assert source.to_arrow("SELECT 1 AS one").to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, SourceUnavailableError),
        (sqlite3.SQLITE_LOCKED, SourceUnavailableError),
        (sqlite3.SQLITE_INTERRUPT, SourceUnavailableError),
        (sqlite3.SQLITE_IOERR_READ, SourceUnavailableError),
        (sqlite3.SQLITE_PERM, CredentialError),
        (sqlite3.SQLITE_CANTOPEN, FatalError),
        (sqlite3.SQLITE_CORRUPT, FatalError),
        (sqlite3.SQLITE_NOTADB, FatalError),
        (sqlite3.SQLITE_ERROR, QueryRejectedError),
    ],
)
def test_an_error_is_known_by_its_code(
    code: int, expected: type[ConnectorError]
) -> None:
    source = SQLite(credentials={"path": "shop.sqlite"})
    said = sqlite3.OperationalError("it failed")
    said.sqlite_errorcode = code
    assert type(source.explain(said, connected=True)) is expected


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
def test_values_of_two_types_name_their_column_and_a_cast(
    source: SQLite, sqlite_path: Path, declared: str, values: str
) -> None:
    fill(
        sqlite_path,
        f"CREATE TABLE mixed (value {declared}); INSERT INTO mixed VALUES {values};",
    )
    with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
        source.to_arrow("SELECT value FROM mixed")
    assert "CAST(`value` AS TEXT)" in caught.value.next_step
    as_text = source.to_arrow("SELECT CAST(`value` AS TEXT) AS value FROM mixed")
    assert as_text.schema.field("value").type == pa.string()
    assert as_text.num_rows == 2


def test_a_text_of_other_bytes_names_its_column_and_a_cast(source: SQLite) -> None:
    with pytest.raises(UnsupportedTypeError, match="CAST\\(`value` AS BLOB") as caught:
        source.to_arrow("SELECT CAST(x'ff' AS TEXT) AS value")
    assert "'value'" in caught.value.what


def test_the_type_of_an_expression_depends_on_all_rows(source: SQLite) -> None:
    table = source.to_arrow("SELECT nullif(column1, 1) + 1 AS n FROM (VALUES (1), (2))")
    assert table.to_pylist() == [{"n": None}, {"n": 3}]
    assert table.schema.field("n").type == pa.int64()


def test_the_type_of_a_cast_needs_no_value(source: SQLite) -> None:
    table = source.to_arrow("SELECT CAST(NULL AS REAL) AS number")
    assert table.schema.field("number").type == pa.float64()


@pytest.mark.parametrize(
    "statement", ["PRAGMA table_list", "CREATE TABLE t (a)", "SELECT 1; SELECT 2"]
)
def test_other_statements_are_refused(source: SQLite, statement: str) -> None:
    with pytest.raises(QueryRejectedError):
        source.to_arrow(statement)


def test_nothing_is_written(source: SQLite, sqlite_path: Path) -> None:
    before = sqlite_path.read_bytes()
    source.to_arrow("SELECT 1 AS one; -- and no more")
    assert sqlite_path.read_bytes() == before
    assert [each.name for each in sqlite_path.parent.iterdir()] == [sqlite_path.name]


def test_a_locked_file_is_worth_a_retry(
    source: SQLite, sqlite_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    fill(sqlite_path, "CREATE TABLE held (number INTEGER)")
    writer = sqlite3.connect(sqlite_path)
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
def test_a_file_that_is_not_a_database_is_named(
    source: SQLite, sqlite_path: Path, content: bytes | None, problem: str
) -> None:
    sqlite_path.unlink()
    if content:
        sqlite_path.write_bytes(content)
    with pytest.raises(FatalError, match=problem) as caught:
        source.to_arrow("SELECT 1 AS one FROM sqlite_master")
    assert str(sqlite_path) in caught.value.where


def test_a_dropped_column_is_named(source: SQLite, sqlite_path: Path) -> None:
    fill(
        sqlite_path,
        "CREATE TABLE kept (number INTEGER); ALTER TABLE kept ADD gone TEXT;",
    )
    assert source.to_arrow("SELECT gone FROM kept").num_rows == 0
    fill(sqlite_path, "ALTER TABLE kept DROP gone")
    with pytest.raises(QueryRejectedError, match="no such column: gone"):
        source.to_arrow("SELECT gone FROM kept")
