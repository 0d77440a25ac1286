"""The destination kind `duckdb`: its project's gates and tests, and rows moved.

The rows are read by a program of its own, as text that DuckDB writes, and by PostgreSQL
as text that it writes: neither shares code with the generated project.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sourcewright.services import PostgreSQL, PrefectServer

from tests.e2e.generated import kinds
from tests.e2e.generated.telling import assert_telling
from tests.sweeps import only_whole

FLOWS = ("postgresql_to_duckdb", "postgresql_to_duckdb_in_batches")
READ = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    connection.execute("SET TimeZone = 'UTC'")
    print(json.dumps(connection.execute(sys.argv[2]).fetchall()))
"""
# What both databases write alike, and exactly. {0} turns bytes into digits.
AS_TEXT = """
SELECT id::text, words, wide::text, real_number::text, large::text, truth::text,
    {0}, day::text, clock::text, moment::text, instant::text
FROM ({1}) AS it ORDER BY it.id
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duckdb")


@pytest.fixture(scope="module")
def kind(
    folder: Path, postgres: PostgreSQL, prefect_server: PrefectServer
) -> kinds.Kind:
    credentials = {"path": str(folder / "warehouse.duckdb")}
    environment = prefect_server.environment
    return kinds.make(folder, "duckdb", "duckdb", credentials, postgres, environment)


def arguments(table: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "duckdb_table": table,
        "sql_query": kinds.QUERY,
        "postgresql_config_key": "postgresql_test",
        "duckdb_config_key": "duckdb_test",
        **more,
    }


def test_it_passes_the_gates_as_rendered(kind: kinds.Kind) -> None:
    kind.assert_gates_pass()


@only_whole
def test_it_passes_its_own_tests(kind: kinds.Kind, tmp_path: Path) -> None:
    kind.assert_tests_pass(tmp_path)


def read(file: Path, query: str) -> list[list[Any]]:
    """Return what a program of its own reads from a file."""
    done = subprocess.run(
        [sys.executable, "-c", READ, file, query],
        capture_output=True,
        text=True,
        check=True,
    )
    rows: list[list[Any]] = json.loads(done.stdout)
    return rows


def alike(row: list[Any]) -> list[Any]:
    """Return a row's texts, of which zeros at a moment's end say nothing."""
    *others, moment, instant = row
    real = others.pop(3)
    ends = [text and text.removesuffix("+00") for text in (moment, instant)]
    return [*others, real and float(real), *ends]


@pytest.mark.moves("source/postgresql", "destination/duckdb")
def test_what_the_flows_move_is_what_another_reader_finds(
    kind: kinds.Kind, folder: Path, postgres: PostgreSQL
) -> None:
    one, other = FLOWS
    kind.run_flows(
        (one, arguments(one)),
        (other, arguments(other, verify="full")),
        *((flow, arguments(flow, mode="replace")) for flow in FLOWS),
        *((flow, arguments(flow, mode="append")) for flow in FLOWS),
    )
    file = folder / "warehouse.duckdb"
    query = AS_TEXT.format("encode(raw, 'hex')", kinds.QUERY)
    expected = [alike([*row.values()]) for row in kinds.rows_of(postgres, query)]
    assert len(expected) == kinds.ROWS
    for flow in FLOWS:
        rows = read(file, AS_TEXT.format("lower(hex(raw))", f"FROM {flow}"))
        found = [alike(row) for row in rows]
        assert found[::2] == found[1::2] == expected
        assert_telling(read(file, f"SELECT words, large FROM {flow}"))  # noqa: S608
