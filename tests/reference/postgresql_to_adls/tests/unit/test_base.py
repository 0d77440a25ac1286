"""The base classes, tried on SQLite, which Python brings along."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
import io
from pathlib import Path
import sqlite3
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
from pyarrow import parquet
import pytest
from sqlalchemy import URL

from acme.exceptions import (
    CredentialError,
    MissingExtraError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.formats import (
    Written,
    write_batches,
)
from acme.sources.base import (
    SQL,
    Credentials,
    FileDestination,
    is_stale,
    partial_path,
    partial_start,
)
from ..contracts.source import LiveSourceContract


class SQLiteCredentials(Credentials):
    path: Path


class SQLite(SQL):
    credentials_model: ClassVar[type[Credentials]] = SQLiteCredentials
    credentials: SQLiteCredentials

    @property
    def url(self) -> URL:
        return URL.create("sqlite", database=str(self.credentials.path))


class Memory(FileDestination):
    """Keeps what is written."""

    credentials_model: ClassVar[type[Credentials]] = Credentials

    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        **options: Any,
    ) -> Written:
        self.sink = io.BytesIO()
        return write_batches(batches, self.sink, path)

    def blocks(self, path: str) -> Iterator[bytes]:
        yield self.sink.getvalue()


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
    many_query = (
        "WITH RECURSIVE many (number) AS (SELECT 1 UNION ALL "
        "SELECT number + 1 FROM many LIMIT 1000) SELECT number FROM many"
    )
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


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "Neither is given"),
        ({"config_key": "shop", "credentials": {"path": "shop"}}, "Both are given"),
        ({"credentials": {}}, "path: Field required"),
        ({"credentials": {"path": "shop", "pasword": "canary"}}, "pasword: Extra"),
    ],
)
def test_credentials_are_given_once_and_whole(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CredentialError, match=problem) as caught:
        SQLite(**arguments)
    assert caught.value.where
    assert caught.value.next_step
    assert "canary" not in str(caught.value)


def test_a_connector_shows_its_config_key_alone(
    source: SQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repr(source) == "SQLite(given credentials)"
    variable = "ACME__SHOP__PATH"
    monkeypatch.setenv(variable, "shop.sqlite")
    assert repr(SQLite(config_key="shop")) == "SQLite(config key 'shop')"


def test_a_connector_names_the_extra_that_it_misses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SQLite, "requires", ("no_such_module_anywhere", "sqlite"))
    with pytest.raises(MissingExtraError, match=r"\[sqlite\]"):
        SQLite(credentials={"path": "shop.sqlite"})


def test_batches_grow_until_they_are_as_long_as_they_may_be(source: SQLite) -> None:
    batches = list(source.to_batches(TestSQLite.many_query, batch_bytes=4000))
    assert [batch.num_rows for batch in batches] == [100, 500, 400]


def test_batches_stay_short_where_later_rows_are_longer(source: SQLite) -> None:
    words = "CASE WHEN number > 100 THEN hex(zeroblob(1000)) ELSE '' END AS words"
    batches = source.to_batches(f"SELECT {words} FROM ({TestSQLite.many_query})")
    assert [batch.num_rows for batch in batches] == [100, 500, 400]


def test_polars_takes_the_columns_as_they_are(source: SQLite) -> None:
    polars = pytest.importorskip("polars")
    df = source.to_polars(TestSQLite.rows_query)
    assert df.schema == {"number": polars.Int64}
    assert df["number"].to_list() == [1, 2, 3]


def test_polars_has_no_decimal_of_more_than_38_digits(
    source: SQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("polars")
    monkeypatch.setattr(
        source, "column_types", lambda _cursor, _query: [pa.decimal256(39, 0)]
    )
    with pytest.raises(UnsupportedTypeError, match=r"'price' \(decimal256"):
        source.to_polars("SELECT NULL AS price")


@pytest.mark.parametrize("rows", [2, 0])
def test_a_data_frame_is_written_without_its_index(rows: int) -> None:
    df = pd.DataFrame({"text": ["", None]}, dtype="string", index=[7, 8]).head(rows)
    destination = Memory(credentials={})
    destination.from_df(df, "file.parquet")
    table = parquet.read_table(destination.sink)
    assert table.column_names == ["text"]
    assert table.to_pylist() == [{"text": ""}, {"text": None}][:rows]


@pytest.mark.parametrize("path", ["file.parquet", "bucket/a/file.parquet"])
def test_what_is_checked_has_a_name_of_its_load_s_own(path: str) -> None:
    first, second = (partial_path(path, load) for load in ("monday", "tuesday"))
    assert first != second
    assert first == partial_path(path, "monday")
    assert first.startswith(path.replace("file.parquet", "_file.parquet."))


@pytest.mark.parametrize(
    ("name", "days", "expected"),
    [
        (f"_file.parquet.{'0' * 32}.partial", 2, True),
        (f"_file.parquet.{'0' * 32}.partial", 0, False),
        (f"_file.parquet.{'0' * 31}.partial", 2, False),
        (f"_file.parquet.{'0' * 32}.partial.parquet", 2, False),
        ("_file.parquet.csv", 2, False),
    ],
)
def test_what_a_killed_load_left_is_known_by_its_name_and_age(
    name: str, days: int, *, expected: bool
) -> None:
    modified = datetime.now(UTC) - timedelta(days=days)
    start = partial_start("a/file.parquet")
    assert is_stale(f"a/{name}", start, modified) is expected
