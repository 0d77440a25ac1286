from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from acme.exceptions import (
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("duckdb") is None:
    skip_test_on_missing_extra(
        "DuckDB",
        extra="duckdb",
    )

import duckdb

from acme.sources import DuckDB
from acme.sources.base import BATCH_BYTES
from ..contracts.queries import LiveSQLContract
from .live import duckdb as live


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    duckdb.connect(path).close()
    return path


@pytest.fixture
def source(path: Path) -> DuckDB:
    return DuckDB(credentials={"path": path})


class TestDuckDB(LiveSQLContract):
    rows_query = live.QUERY
    many_query = "SELECT range AS number FROM range(1000)"
    empty_query = f"{rows_query} WHERE number > 3"
    rejected_query = "SELECT * FROM no_such_table"

    @pytest.fixture
    def live_source(
        self,
        source: DuckDB,
    ) -> DuckDB:
        return source


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("18446744073709551615::UBIGINT", pa.uint64(), 2**64 - 1),
        ("1.10::DECIMAL(38, 2)", pa.decimal128(38, 2), "1.10"),
        ("'b'::ENUM('a', 'b')", pa.string(), "b"),
        ("'\\x00\\xff'::BLOB", pa.binary(), b"\x00\xff"),
    ],
)
def test_a_value_keeps_its_type(
    source: DuckDB,
    value: str,
    kind: pa.DataType,
    expected: Any,
) -> None:
    table = source.to_arrow(f"SELECT {value} AS value UNION ALL SELECT NULL")
    assert table.schema.field("value").type == kind
    found = table.column("value").to_pylist()
    if pa.types.is_decimal(kind):
        found = [f"{found[0]}", *found[1:]]
    assert found == [expected, None]


@pytest.mark.parametrize(
    "value",
    [
        "170141183460469231731687303715884105727::HUGEINT",
        "1::UHUGEINT",
        "'infinity'::DATE",
        "'-infinity'::TIMESTAMP",
        "'24:00:00'::TIME",
        "'12:00:00+01'::TIMETZ",
        "INTERVAL 1 MONTH",
        "'101'::BIT",
        "[1, 2]",
        "{'a': 1}",
        "['ENUM(']",
    ],
)
def test_what_arrow_does_not_hold_names_its_column_and_the_cast(
    source: DuckDB,
    value: str,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
        source.to_arrow(f"SELECT {value} AS value")
    cast = caught.value.next_step.removeprefix("write ").removesuffix(" in the query.")
    as_text = source.to_arrow(f"SELECT {cast} AS value FROM (SELECT {value} AS value)")
    assert as_text.schema.field("value").type == pa.string()
    assert as_text.num_rows == 1


def test_only_one_query_is_taken_that_writes_nothing(
    source: DuckDB,
    path: Path,
) -> None:
    target = path.with_suffix(".csv")
    for statement in (
        "SELECT 1 AS one; SELECT 2 AS two",
        "SELECT 1 AS one, 2 AS one",
        "CREATE TABLE should_not_be (number INTEGER)",
    ):
        with pytest.raises(QueryRejectedError):
            source.to_arrow(statement)
    with pytest.raises(FatalError):
        source.to_arrow(f"COPY (SELECT 1) TO '{target}'")
    assert not target.exists()


def test_a_large_result_is_not_fetched_at_once(
    source: DuckDB,
) -> None:
    batches = source.to_batches("SELECT range AS number FROM range(1000000000)")
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    batches.close()


def test_a_slow_query_is_given_up(
    source: DuckDB,
) -> None:
    source.query_timeout = 1
    with pytest.raises(SourceUnavailableError, match="query_timeout"):
        source.to_arrow(
            "SELECT sum(a.range * b.range)::VARCHAR AS total "
            "FROM range(1000000) AS a, range(10000000) AS b"
        )


@pytest.mark.parametrize("content", [None, b"no database at all, but text" * 99])
def test_a_file_that_is_no_database_is_named(
    source: DuckDB,
    path: Path,
    content: bytes | None,
) -> None:
    path.unlink()
    if content:
        path.write_bytes(content)
    with pytest.raises(FatalError) as caught:
        source.to_arrow("SELECT 1 AS one")
    assert str(path) in caught.value.where
