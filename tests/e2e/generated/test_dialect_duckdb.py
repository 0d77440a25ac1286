# ruff: noqa: S608 - the statements are made of this module's own texts
"""DuckDB: what each type comes as, compared with the text that DuckDB writes for it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sourcewright.services import PrefectServer

from tests.e2e.generated.dialects import (
    SKIPPED,
    TOOLS,
    Case,
    Project,
    Refused,
    make,
    same,
)
from tests.e2e.generated.telling import assert_telling

TEXT, BYTES = "hex(encode(CAST({} AS VARCHAR)))", "hex({})"
MICROSECONDS = "strftime({}, '%Y-%m-%d %H:%M:%S.%f')"
CASES = [
    Case("BOOLEAN", "true", "bool", "{}::INTEGER"),
    Case("TINYINT", "-128", "int8"),
    Case("UTINYINT", "255", "uint8"),
    Case("SMALLINT", "-32768", "int16"),
    Case("USMALLINT", "65535", "uint16"),
    Case("INTEGER", "-2147483648", "int32"),
    Case("UINTEGER", "4294967295", "uint32"),
    Case("BIGINT", "-9223372036854775808", "int64"),
    Case("UBIGINT", "18446744073709551615", "uint64"),
    Case("HUGEINT", f"-{'9' * 38}", "decimal128(38, 0)"),
    Case("HUGEINT", "0", "decimal128(38, 0)"),
    Case("FLOAT", "0.1", "float", "{}::DOUBLE"),
    Case("DOUBLE", "0.1", "double"),
    Case("DOUBLE", "-1.7976931348623157e308", "double"),
    Case("DOUBLE", "'-inf'", "double"),
    Case("DECIMAL(5, 2)", "-1.10", "decimal128(5, 2)"),
    Case("DECIMAL(18, 0)", "999999999999999999", "decimal128(18, 0)"),
    Case("DECIMAL(38, 10)", f"{'9' * 28}.{'9' * 10}", "decimal128(38, 10)"),
    Case("VARCHAR", "''", "string", TEXT),
    Case("VARCHAR", "'ø \U0001d11e \U0010ffff'", "string", TEXT),
    Case("VARCHAR", "'a' || chr(10) || 'b'", "string", TEXT),
    Case("ENUM('a', 'ø [1]')", "'ø [1]'", "string", TEXT),
    Case("JSON", '\'{"b": 1,"a":2}\'', "string", TEXT),
    Case("UUID", "'67e55044-10b1-426f-9247-bb680e5fe0c8'", "string", TEXT),
    Case("BLOB", "'\\x00\\xFF\\x80'", "binary", BYTES),
    Case("BLOB", "''", "binary", BYTES),
    Case("DATE", "'0001-01-01'", "date32[day]"),
    Case("DATE", "'9999-12-31'", "date32[day]"),
    Case("TIME", "'23:59:59.999999'", "time64[us]"),
    Case("TIMESTAMP", "'1066-10-14 12:00:00.000001'", "timestamp[us]", MICROSECONDS),
    Case("TIMESTAMP_S", "'2024-02-29 12:00:00'", "timestamp[s]", MICROSECONDS),
    Case("TIMESTAMP_MS", "'2024-02-29 12:00:00.123'", "timestamp[ms]", MICROSECONDS),
    Case(
        "TIMESTAMP_NS",
        "'2024-02-29 12:00:00.123456789'",
        "timestamp[ns]",
        "'Timestamp(''' || {} || ''')'",
    ),
    Case(
        "TIMESTAMPTZ",
        "'2024-03-31 02:30:00.5+02'",
        "timestamp[us, tz=UTC]",
        MICROSECONDS,
    ),
]
REFUSED = [
    Refused("HUGEINT", "170141183460469231731687303715884105727", "VARCHAR"),
    Refused("UHUGEINT", "1", "VARCHAR"),
    Refused("DATE", "'infinity'", "VARCHAR"),
    Refused("DATE", "'-infinity'", "VARCHAR"),
    Refused("TIMESTAMP", "'infinity'", "VARCHAR"),
    Refused("TIMESTAMPTZ", "'-infinity'", "VARCHAR"),
    Refused("TIME", "'24:00:00'", "VARCHAR"),
    Refused("TIMETZ", "'12:00:00+01'", "VARCHAR"),
    Refused("INTERVAL", "INTERVAL '1 month 2 days 3.5 s'", "VARCHAR"),
    Refused("BIT", "'101'", "VARCHAR"),
    Refused("INTEGER[]", "[1, NULL]", "to_json"),
    Refused("INTEGER[2]", "[1, 2]", "to_json"),
    Refused("STRUCT(a INTEGER)", "{'a': 1}", "to_json"),
    Refused("MAP(VARCHAR, INTEGER)", "MAP {'a': 1}", "to_json"),
]
ROWS = 5000
FILL = """
CREATE TABLE wide AS SELECT range AS id,
CASE WHEN range % 3 > 0 THEN 18446744073709551615 - range::UBIGINT END AS number,
CASE WHEN range % 5 > 0 THEN (range / 7)::DECIMAL(38, 10) END AS price,
CASE WHEN range % 7 > 0 THEN 'ø\U0001d11e' || range END AS text,
CASE WHEN range % 11 > 0 THEN encode(md5(range::VARCHAR)) END AS bytes,
CASE WHEN range % 13 > 0 THEN TIMESTAMP '2024-02-29' + to_microseconds(range)
END AS seen
FROM range(5000);
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make(tmp_path_factory.mktemp("duckdb") / "project", "duckdb", "DuckDB")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(FILL)
        cases: list[Case | Refused] = [*CASES, *REFUSED]
        for number, case in enumerate(cases):
            connection.execute(
                f"CREATE TABLE t{number} (id INTEGER, value {case.type_name});"
                f"INSERT INTO t{number} VALUES (0, NULL), (1, {case.value});"
            )
    return path


@pytest.fixture(scope="module")
def given(project: Project, database: Path) -> dict[str, Any]:
    queries = {
        f"{number}{suffix}": f"SELECT value FROM t{number}{rest}"
        for number in range(len(CASES) + len(REFUSED))
        for suffix, rest in (("", " ORDER BY id"), (" empty", " WHERE 1 = 0"))
    }
    return project.read({"path": str(database)}, queries)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(tool: str, project: Project) -> None:
    assert project.command(tool) == ""


def test_its_own_tests_pass(project: Project, database: Path, tmp_path: Path) -> None:
    assert SKIPPED not in project.tests({"path": str(database)}, tmp_path)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_value_is_what_duckdb_says_it_is(
    number: int, given: dict[str, Any], database: Path
) -> None:
    case, came = CASES[number], given[str(number)]
    expression = case.said.format("value")
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        ((said,),) = connection.execute(
            f"SELECT CAST({expression} AS VARCHAR) FROM t{number} WHERE id = 1"
        ).fetchall()
    assert came.get("types") == [case.arrow], came
    ((null, value),) = came["columns"]
    assert null is None
    assert same(case, value, said)
    assert given[f"{number} empty"]["types"] == [case.arrow]


@pytest.mark.parametrize("number", range(len(CASES), len(CASES) + len(REFUSED)))
def test_what_arrow_does_not_hold_names_its_column_and_the_cast(
    number: int, given: dict[str, Any]
) -> None:
    case, came = REFUSED[number - len(CASES)], given[str(number)]
    assert came.get("error") == "UnsupportedTypeError", came
    assert "'value'" in came["message"]
    assert case.cast in came["message"]


@pytest.mark.moves("source/duckdb", "destination/local")
def test_a_flow_moves_every_row(
    project: Project, database: Path, tmp_path: Path, prefect_server: PrefectServer
) -> None:
    query = "SELECT * FROM wide ORDER BY id"
    rows = project.load(
        {"path": str(database)}, tmp_path, query, prefect_server.environment
    )
    assert rows == ROWS
    with duckdb.connect(database, read_only=True) as connection:
        expected = connection.execute(query).fetchall()
    found = pl.read_parquet(tmp_path / "file.parquet").rows()
    assert found == expected
    assert_telling(found)


def test_bad_input_is_told_apart(
    project: Project, database: Path, tmp_path: Path
) -> None:
    missing, other = tmp_path / "missing.duckdb", tmp_path / "other.duckdb"
    other.write_text("no database " * 999, "utf-8")
    errors = {}
    for path in (missing, other, database):
        came = project.read({"path": str(path)}, {"it": "SELECT gone FROM wide"})["it"]
        errors[path.name] = came["error"]
        assert str(path) in came["message"]
        assert "Next: " in came["message"]
    assert errors == {
        "missing.duckdb": "FatalError",
        "other.duckdb": "FatalError",
        "shop.duckdb": "QueryRejectedError",
    }
    assert not missing.exists()


def test_a_file_that_another_process_writes_is_worth_a_retry(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "held.duckdb"
    hold = (
        f"import duckdb; held = duckdb.connect({str(path)!r});"
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "held\n"
        came = project.read({"path": str(path)}, {"it": "SELECT 1 AS one"})["it"]
        writer.communicate("\n")
    assert came["error"] == "SourceUnavailableError"
    assert "nobody writes" in came["message"]


def test_without_its_driver_the_extra_is_named(project: Project) -> None:
    assert "acme[duckdb]" in project.without("duckdb")
