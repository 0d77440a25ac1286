from pathlib import Path
import sqlite3
from typing import ClassVar

import pyarrow as pa
import pytest

from acme.exceptions import (
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.sources import GenericSQL
from acme.sources.base import BATCH_BYTES
from ..contracts.queries import LiveSQLContract
from .live import generic as live

COUNTED = (
    "WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL "
    "SELECT number + 1 FROM counted LIMIT {rows}) SELECT number FROM counted"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    sqlite3.connect(path).close()
    return path


@pytest.fixture
def source(path: Path) -> GenericSQL:
    return GenericSQL(
        credentials={"drivername": "sqlite", "database": str(path)},
    )


class TestGenericSQL(LiveSQLContract):
    rows_query = live.QUERY
    many_query = COUNTED.format(rows=1000)
    empty_query = f"SELECT * FROM ({rows_query}) AS numbers WHERE number > 3"
    rejected_query = "SELECT * FROM no_such_table"

    # Without a row, the columns' names are all that is known of them.
    test_an_empty_result_keeps_its_columns: ClassVar = None

    @pytest.fixture
    def live_source(
        self,
        source: GenericSQL,
    ) -> GenericSQL:
        return source

    def test_an_empty_result_has_columns_of_text(
        self,
        source: GenericSQL,
    ) -> None:
        empty = source.to_arrow(self.empty_query)
        assert empty.schema == pa.schema({"number": pa.string(), "text": pa.string()})


def test_a_column_without_a_first_value_is_looked_for_further_on(
    source: GenericSQL,
) -> None:
    query = COUNTED.format(rows=5000)
    late = f"SELECT CASE WHEN number > 4000 THEN number END AS late FROM ({query})"
    table = source.to_arrow(late)
    assert table.schema.field("late").type == pa.int64()
    assert table.column("late").to_pylist() == [None] * 4000 + [*range(4001, 5001)]


def test_a_first_value_that_comes_too_late_names_its_column(
    source: GenericSQL,
) -> None:
    query = COUNTED.format(rows=1000)
    late = f"SELECT CASE WHEN number > 900 THEN number END AS late FROM ({query})"
    with pytest.raises(UnsupportedTypeError, match="'late'"):
        list(source.to_batches(late, batch_bytes=1000))


def test_two_types_in_a_column_name_it_and_the_cast(
    source: GenericSQL,
) -> None:
    query = COUNTED.format(rows=1000)
    odd = f"SELECT CASE number WHEN 999 THEN 0.5 ELSE number END AS odd FROM ({query})"
    with pytest.raises(UnsupportedTypeError, match="'odd'") as caught:
        source.to_arrow(odd)
    cast = caught.value.next_step.removeprefix("write ").removesuffix(" in the query.")
    table = source.to_arrow(f"SELECT {cast} AS odd FROM ({odd})")
    assert table.column("odd").to_pylist()[998] == "0.5"


def test_a_large_result_is_not_fetched_at_once(
    source: GenericSQL,
) -> None:
    batches = source.to_batches(COUNTED.format(rows=1_000_000_000))
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    batches.close()


def test_a_query_that_goes_on_and_on_is_given_up(
    source: GenericSQL,
) -> None:
    source.query_timeout = 1
    with pytest.raises(SourceUnavailableError, match="query_timeout"):
        list(source.to_batches(COUNTED.format(rows=1_000_000_000)))


def test_a_statement_without_columns_is_refused(
    source: GenericSQL,
) -> None:
    with pytest.raises(QueryRejectedError, match="no columns"):
        source.to_arrow("CREATE TABLE t (a INTEGER)")


def test_a_file_that_can_not_be_opened_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no" / "such.sqlite"
    source = GenericSQL(
        credentials={"drivername": "sqlite", "database": str(path)},
    )
    with pytest.raises(FatalError, match="unable to open") as caught:
        source.to_arrow("SELECT 1 AS one")
    assert str(path) in caught.value.where
