import subprocess
import sys
from pathlib import Path

import pytest
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from runtime.sql.duckdb import DuckDB

from tests.runtime.sql.contract import DatabaseContract, counted
from tests.runtime.sql.databases import OnDuckDB


@pytest.fixture
def source(duckdb_path: Path) -> DuckDB:
    return DuckDB(credentials={"path": duckdb_path})


class TestDuckDB(OnDuckDB, DatabaseContract):
    live = counted("SELECT range + 1 AS number FROM range({rows})")

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
