"""The base classes, tried on SQLite, which Python brings along."""

from pathlib import Path
import sqlite3
from typing import ClassVar

import pytest
from sqlalchemy import URL

from acme.exceptions import (
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.sources.base import SQL, Credentials
from tests.contracts.source import LiveSourceContract


class SQLiteCredentials(Credentials):
    path: Path


class SQLite(SQL):
    credentials_model: ClassVar[type[Credentials]] = SQLiteCredentials
    credentials: SQLiteCredentials

    @property
    def url(self) -> URL:
        return URL.create("sqlite", database=str(self.credentials.path))


@pytest.fixture
def source(tmp_path: Path) -> SQLite:
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE numbers (number INTEGER);"
        "INSERT INTO numbers VALUES (1), (2), (3);"
        "CREATE TABLE mixed (value);"
        "INSERT INTO mixed VALUES (1), ('two');"
    )
    connection.close()
    return SQLite(credentials={"path": path})


class TestSQLite(LiveSourceContract):
    rows_query = "SELECT number FROM numbers ORDER BY number"
    empty_query = "SELECT number FROM numbers WHERE number > 3"
    rejected_query = "SELECT FROM WHERE"

    @pytest.fixture
    def live_source(self, source: SQLite) -> SQLite:
        return source

    # SQLite tells no types, so without rows there are none to keep.
    test_an_empty_result_keeps_its_columns: ClassVar = None


def test_two_columns_of_one_name_are_refused(source: SQLite) -> None:
    with pytest.raises(QueryRejectedError, match="two columns named 'a'"):
        source.to_arrow("SELECT 1 AS a, 2 AS a")


def test_a_value_that_fits_no_type_names_its_column(source: SQLite) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'"):
        source.to_arrow("SELECT value FROM mixed")


def test_a_percent_sign_and_a_colon_mean_nothing_in_a_query(source: SQLite) -> None:
    table = source.to_arrow("SELECT ':a' AS colon, '%s' AS percent")
    assert table.to_pylist() == [{"colon": ":a", "percent": "%s"}]


def test_a_database_that_is_not_there_is_worth_a_retry(tmp_path: Path) -> None:
    source = SQLite(credentials={"path": tmp_path / "no" / "such.sqlite"})
    with pytest.raises(SourceUnavailableError, match="unable to open"):
        source.to_arrow("SELECT 1 AS one")
