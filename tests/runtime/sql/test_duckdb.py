import subprocess
import sys
from pathlib import Path
from typing import Any

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
from runtime.sql.duckdb import DuckDB

from tests.runtime.sql.contract import DatabaseContract
from tests.runtime.sql.databases import OnDuckDB


@pytest.fixture
def source(duckdb_path: Path) -> DuckDB:
    return DuckDB(credentials={"path": duckdb_path})


class TestDuckDB(OnDuckDB, DatabaseContract):
    counted = "SELECT range + 1 AS number FROM range({rows})"

    @pytest.fixture
    def source(self, duckdb_path: Path) -> DuckDB:
        return DuckDB(credentials={"path": duckdb_path})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("INTERRUPT Error: Interrupted!", SourceUnavailableError),
        ("IO Error: Could not set lock on file", SourceUnavailableError),
        ("IO Error: Cannot open database", FatalError),
        ("Permission Error: it is disabled", CredentialError),
        ("Parser Error: syntax error at or near", QueryRejectedError),
    ],
)
def test_an_error_is_known_by_its_text(
    said: str, expected: type[ConnectorError]
) -> None:
    source = DuckDB(credentials={"path": "shop.duckdb"})
    assert type(source.explain(Exception(said), connected=True)) is expected


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
    source: DuckDB, value: str, kind: pa.DataType, expected: Any
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
def test_an_unsupported_value_names_its_column_and_a_cast(
    source: DuckDB, value: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
        source.to_arrow(f"SELECT {value} AS value")
    cast = caught.value.next_step.removeprefix("write ").removesuffix(" in the query.")
    as_text = source.to_arrow(f"SELECT {cast} AS value FROM (SELECT {value} AS value)")
    assert as_text.schema.field("value").type == pa.string()
    assert as_text.num_rows == 1


def test_a_query_is_one_statement_that_writes_nothing(
    source: DuckDB, duckdb_path: Path
) -> None:
    target = duckdb_path.with_suffix(".csv")
    for statement in (
        "SELECT 1 AS one; SELECT 2 AS two",
        "CREATE TABLE should_not_be (number INTEGER)",
    ):
        with pytest.raises(QueryRejectedError):
            source.to_arrow(statement)
    with pytest.raises(FatalError):
        source.to_arrow(f"COPY (SELECT 1) TO '{target}'")
    assert not target.exists()


def test_a_wide_vector_is_divided_into_batches(source: DuckDB) -> None:
    query = "SELECT repeat('x', 100000) AS text FROM range(200)"
    batches = list(source.to_batches(query, batch_bytes=1_000_000))
    assert sum(batch.num_rows for batch in batches) == 200
    assert max(batch.num_rows for batch in batches) == 9


def test_a_file_that_another_process_writes_is_worth_a_retry(
    source: DuckDB, duckdb_path: Path
) -> None:
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, duckdb_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(SourceUnavailableError, match="nobody writes"):
            source.to_arrow("SELECT 1 AS one")
        other.communicate("\n")
    assert source.to_arrow("SELECT 1 AS one").num_rows == 1


@pytest.mark.parametrize("content", [None, b"no database at all, but text" * 99])
def test_a_file_that_is_not_a_database_is_named(
    source: DuckDB, duckdb_path: Path, content: bytes | None
) -> None:
    duckdb_path.unlink()
    if content:
        duckdb_path.write_bytes(content)
    with pytest.raises(FatalError) as caught:
        source.to_arrow("SELECT 1 AS one")
    assert str(duckdb_path) in caught.value.where
