# ruff: noqa: S608 - the statements are made of this module's own texts
"""SQLite: what each declared type comes as, compared with what SQLite says itself."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

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

TEXT, BYTES = "hex(CAST({} AS BLOB))", "hex({})"
EXACT = "printf('%!.20g', {})"
CASES = [
    Case("INTEGER", "0", "int64"),
    Case("INTEGER", "-9223372036854775808", "int64"),
    Case("BIGINT", "9223372036854775807", "int64"),
    Case("TINYINT(1)", "1", "int64"),
    Case("UNSIGNED BIG INT", "4294967296", "int64"),
    Case("INT2", "-32768", "int64"),
    Case("REAL", "0.1", "double", EXACT),
    Case("REAL", "-1.5e-300", "double", EXACT),
    Case("DOUBLE PRECISION", "12345678901234567000", "double", EXACT),
    Case("FLOAT", "3", "double", EXACT),
    Case("NUMERIC", "9007199254740992", "double", EXACT),
    Case("DECIMAL(10, 2)", "1.25", "double", EXACT),
    Case("BOOLEAN", "TRUE", "bool"),
    Case("BOOLEAN", "0", "bool"),
    Case("TEXT", "''", "string", TEXT),
    Case("TEXT", "'it''s; -- \"quoted\" %s :a'", "string", TEXT),
    Case("VARCHAR(3)", "'longer than three'", "string", TEXT),
    Case("CHARACTER(20)", "'ø \U0001d11e \U0010ffff'", "string", TEXT),
    Case("CLOB", "'a' || char(0, 10, 13) || 'b'", "string", TEXT),
    Case("NVARCHAR(9)", "'e' || char(769) || char(8238)", "string", TEXT),
    Case("DATE", "'0000-00-00'", "string", TEXT),
    Case("DATETIME", "'2024-02-29 23:59:59.999999'", "string", TEXT),
    Case("TIMESTAMP", "datetime(0, 'unixepoch')", "string", TEXT),
    Case("TIME", "'838:59:59'", "string", TEXT),
    Case("BLOB", "x'00ff80'", "binary", BYTES),
    Case("BLOB", "x''", "binary", BYTES),
    Case("LONGBLOB", "randomblob(5000)", "binary", BYTES),
    Case("JSON", '\'{"b": 1, "b": 2}\'', "string", TEXT),
    Case("UUID", "'67e55044-10b1-426f-9247-bb680e5fe0c8'", "string", TEXT),
    Case("", "7", "int64"),
    Case("", "7.5", "double", EXACT),
    Case("", "'7'", "string", TEXT),
    Case("", "x'37'", "binary", BYTES),
]
REFUSED = [
    Refused("INTEGER", "'two'", "CAST({} AS TEXT)"),
    Refused("INTEGER", "1.5", "CAST({} AS TEXT)"),
    Refused("REAL", "'1,5'", "CAST({} AS TEXT)"),
    Refused("TEXT", "x'ff'", "CAST({} AS BLOB)"),
    Refused("TEXT", "CAST(x'ff' AS TEXT)", "CAST({} AS BLOB)"),
    Refused("BLOB", "'text'", "CAST({} AS BLOB)"),
    Refused("BOOLEAN", "2", "CAST({} AS INTEGER)"),
    Refused("DATE", "19782", "CAST({} AS TEXT)"),
    Refused("DECIMAL(20, 0)", "9007199254740993", "CAST({} AS TEXT)"),
]
ROWS = 5000
FILL = """
CREATE TABLE wide
(id INTEGER, number BIGINT, share REAL, text TEXT, bytes BLOB, flag BOOL);
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n LIMIT 5000)
INSERT INTO wide SELECT n, CASE WHEN n % 3 THEN 9223372036854775807 - n END,
CASE WHEN n % 5 THEN n / 7.0 END, CASE WHEN n % 7 THEN 'ø' || char(119070) || n END,
CASE WHEN n % 11 THEN randomblob(n % 50) END, CASE WHEN n % 2 THEN n % 4 = 1 END FROM n;
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make(tmp_path_factory.mktemp("sqlite") / "project", "sqlite", "SQLite")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "shop.sqlite"
    script = [FILL]
    cases: list[Case | Refused] = [*CASES, *REFUSED]
    for number, case in enumerate(cases):
        script.append(f"CREATE TABLE t{number} (value {case.type_name});")
        script.append(f"INSERT INTO t{number} VALUES (NULL), ({case.value});")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("\n".join(script))
    return path


@pytest.fixture(scope="module")
def given(project: Project, database: Path) -> dict[str, Any]:
    queries = {
        f"{number}{suffix}": f"SELECT value FROM t{number}{rest}"
        for number in range(len(CASES) + len(REFUSED))
        for suffix, rest in (("", ""), (" empty", " WHERE 1 = 0"))
    }
    for number, case in enumerate(REFUSED, start=len(CASES)):
        cast = case.cast.format("value")
        queries[f"{number} cast"] = f"SELECT {cast} AS value FROM t{number}"
    return project.read({"path": str(database)}, queries)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(tool: str, project: Project) -> None:
    assert project.command(tool) == ""


def test_its_own_tests_pass(project: Project, database: Path, tmp_path: Path) -> None:
    said = project.tests({"path": str(database)}, tmp_path)
    assert SKIPPED not in said


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_value_is_what_sqlite_says_it_is(
    number: int, given: dict[str, Any], database: Path
) -> None:
    case = CASES[number]
    expression = case.said.format("value")
    with closing(sqlite3.connect(database)) as connection:
        ((said,),) = connection.execute(
            f"SELECT CAST({expression} AS TEXT) FROM t{number} WHERE value IS NOT NULL"
        ).fetchall()
    came = given[str(number)]
    assert came.get("types") == [case.arrow], came
    ((null, value),) = came["columns"]
    assert null is None
    assert same(case, value, said)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_an_empty_result_has_the_declared_type(
    number: int, given: dict[str, Any]
) -> None:
    case, came = CASES[number], given[f"{number} empty"]
    # Nothing is known of a column without a declared type that is one of SQLite's.
    known = case.type_name not in {"", "JSON", "UUID"}
    assert came["types"] == [case.arrow if known else "string"]


@pytest.mark.parametrize("number", range(len(CASES), len(CASES) + len(REFUSED)))
def test_a_value_that_does_not_fit_names_its_column(
    number: int, given: dict[str, Any]
) -> None:
    came = given[str(number)]
    assert came.get("error") == "UnsupportedTypeError", came
    assert "'value'" in came["message"]
    assert "cast" in came["message"].lower()
    assert len(given[f"{number} cast"]["columns"][0]) == 2


def test_mixed_values_of_an_undeclared_column_are_refused_wherever_they_stand(
    project: Project, database: Path
) -> None:
    late = "SELECT CASE WHEN id < 4999 THEN id ELSE 'last' END AS odd FROM wide"
    came = project.read({"path": str(database)}, {"late": late})["late"]
    assert came["error"] == "UnsupportedTypeError"
    assert "'odd'" in came["message"]
    assert "integer and text" in came["message"]


@pytest.mark.moves("source/sqlite", "destination/local")
def test_a_flow_moves_every_row(
    project: Project, database: Path, tmp_path: Path, prefect_server: PrefectServer
) -> None:
    query = "SELECT * FROM wide ORDER BY id"
    rows = project.load(
        {"path": str(database)}, tmp_path, query, prefect_server.environment
    )
    assert rows == ROWS
    with closing(sqlite3.connect(database)) as connection:
        expected = connection.execute(query).fetchall()
    found = pl.read_parquet(tmp_path / "file.parquet").rows()
    assert found == expected
    assert_telling(found)


def test_bad_input_is_told_apart(
    project: Project, database: Path, tmp_path: Path
) -> None:
    missing, other = tmp_path / "missing.sqlite", tmp_path / "other.sqlite"
    other.write_text("no database " * 200, "utf-8")
    locked = tmp_path / "locked.sqlite"
    errors = {}
    with closing(sqlite3.connect(locked)) as writer:
        writer.execute("CREATE TABLE t (number INTEGER)")
        writer.execute("BEGIN EXCLUSIVE")
        for path in (missing, other, locked, database):
            query = "SELECT gone FROM t" if path is locked else "SELECT gone FROM wide"
            came = project.read({"path": str(path)}, {"it": query})["it"]
            errors[path.name] = came["error"]
            assert str(path) in came["message"]
            assert "Next: " in came["message"]
    assert errors == {
        "missing.sqlite": "FatalError",
        "other.sqlite": "FatalError",
        "locked.sqlite": "SourceUnavailableError",
        "shop.sqlite": "QueryRejectedError",
    }
    assert not missing.exists()
