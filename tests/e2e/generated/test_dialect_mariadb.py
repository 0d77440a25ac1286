# ruff: noqa: S608 - the statements are made of this module's own texts
"""MariaDB and MySQL: what each type comes as, compared with what the server says.

Both dialects have one connector. No server of MySQL can be had here: its dialect reads
from MariaDB, too.
"""

import os
import random
import struct
from collections.abc import Iterator
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
from tests.mariadb import MariaDB, missing

CLASSES = {"mariadb": "MariaDB", "mysql": "MySQL"}
TEXT, BYTES = "HEX(CONVERT({} USING utf8mb4))", "HEX({})"
MICROSECONDS = "DATE_FORMAT({}, '%Y-%m-%d %H:%i:%s.%f')"
OF_DAY = "TIME_FORMAT({}, '%H:%i:%s.%f')"
CASES = [
    Case("tinyint", "-128", "int8"),
    Case("tinyint unsigned", "255", "uint8"),
    Case("bool", "TRUE", "int8"),
    Case("smallint", "-32768", "int16"),
    Case("smallint unsigned", "65535", "uint16"),
    Case("mediumint", "-8388608", "int32"),
    Case("mediumint unsigned", "16777215", "uint32"),
    Case("int", "-2147483648", "int32"),
    Case("int unsigned", "4294967295", "uint32"),
    Case("int(5) zerofill", "42", "uint32", "0+{}"),
    Case("bigint", "-9223372036854775808", "int64"),
    Case("bigint unsigned", "18446744073709551615", "uint64"),
    Case("decimal(5,2)", "-1.10", "decimal128(5, 2)"),
    Case("decimal(5,0)", "-99999", "decimal128(5, 0)"),
    Case("decimal(10,2) unsigned", "99999999.99", "decimal128(10, 2)"),
    Case("decimal(38,38)", "1e-38", "decimal128(38, 38)"),
    Case("decimal(65,30)", f"-{'9' * 35}.{'9' * 30}", "decimal256(65, 30)"),
    Case("double", "0.1", "double"),
    Case("double", "-1.7976931348623157e308", "double"),
    Case("double", "5e-324", "double"),
    Case("bit(1)", "b'1'", "uint64", "0+{}"),
    Case("bit(64)", "18446744073709551615", "uint64", "CAST({} AS UNSIGNED)"),
    Case("year", "1901", "uint16"),
    Case("year", "0", "uint16", "0+{}"),
    Case("date", "'9999-12-31'", "date32[day]"),
    Case("date", "'0001-01-01'", "date32[day]"),
    Case("datetime", "'1000-01-01'", "timestamp[us]", MICROSECONDS),
    Case("datetime(6)", "'9999-12-31 23:59:59.999999'", "timestamp[us]", MICROSECONDS),
    Case(
        "timestamp(6) null",
        "'2024-03-31 01:30:00.000001'",
        "timestamp[us, tz=UTC]",
        MICROSECONDS,
    ),
    Case("time", "'00:00:00'", "time64[us]", OF_DAY),
    Case("time(6)", "'23:59:59.999999'", "time64[us]", OF_DAY),
    Case("char(5)", "'a '", "string", TEXT),
    Case("varchar(20)", "''", "string", TEXT),
    Case("varchar(20)", "'ø \U0001d11e \U0010ffff'", "string", TEXT),
    Case("varchar(20) character set latin1", "'é'", "string", TEXT),
    Case("varchar(20) collate utf8mb4_bin", "'%s :a \\\\'", "string", TEXT),
    Case("text", "'a\\0\\r\\n\"b'", "string", TEXT),
    Case("longtext", "repeat('ø', 70000)", "string", TEXT),
    Case("binary(4)", "x'00ff'", "binary", BYTES),
    Case("varbinary(9)", "x''", "binary", BYTES),
    Case("blob", "x'00ff80'", "binary", BYTES),
    Case("longblob", "repeat(x'00', 70000)", "binary", BYTES),
    Case("enum('a','ø')", "'ø'", "string", TEXT),
    Case("set('a','b')", "'b,a'", "string", TEXT),
    Case("json", '\'{"b": 1,"a":2}\'', "string", TEXT),
    Case(
        "uuid",
        "'67e55044-10b1-426f-9247-bb680e5fe0c8'",
        "string",
        "HEX(CAST({} AS CHAR))",
    ),
    Case("inet6", "'::1'", "string", "HEX(CAST({} AS CHAR))"),
]
REFUSED = [
    Refused("float", "0.1", "CAST({} AS DOUBLE)"),
    Refused("date", "'0000-00-00'", "CAST({} AS CHAR)"),
    Refused("date", "'2024-00-10'", "CAST({} AS CHAR)"),
    Refused("datetime", "'0000-00-00'", "CAST({} AS CHAR)"),
    Refused("timestamp null", "'0000-00-00'", "CAST({} AS CHAR)"),
    Refused("time", "'838:59:59'", "CAST({} AS CHAR)"),
    Refused("time", "'24:00:00'", "CAST({} AS CHAR)"),
    Refused("time(6)", "'-00:00:00.000001'", "CAST({} AS CHAR)"),
    Refused("point", "ST_GeomFromText('POINT(1 2)')", "ST_AsWKB({})"),
]
ROWS = 5000
FILL = """
CREATE TABLE wide (id INT, number BIGINT UNSIGNED, price DECIMAL(38, 10), text TEXT,
bytes BLOB, seen DATETIME(6));
INSERT INTO wide SELECT seq, IF(seq % 3, 18446744073709551615 - seq, NULL),
IF(seq % 5, seq / 7, NULL), IF(seq % 7, CONCAT('ø\U0001d11e', seq), NULL),
IF(seq % 11, UNHEX(SHA2(seq, 256)), NULL),
IF(seq % 13, TIMESTAMPADD(MICROSECOND, seq, '2024-02-29'), NULL) FROM seq_1_to_5000;
"""
MODES = "SET sql_mode = '', time_zone = '+00:00';\nUSE shop;\n"


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    reason = missing()
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    with MariaDB() as server:
        script = [MODES, FILL]
        cases: list[Case | Refused] = [*CASES, *REFUSED]
        for number, case in enumerate(cases):
            script.append(f"CREATE TABLE t{number} (id INT, value {case.type_name});")
            script.append(f"INSERT INTO t{number} VALUES (0, NULL), (1, {case.value});")
        server.sql("\n".join(script))
        yield server


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    folder = tmp_path_factory.mktemp("dialects")
    return {name: make(folder / name, name, CLASSES[name]) for name in CLASSES}


@pytest.fixture(scope="module", params=list(CLASSES))
def project(request: pytest.FixtureRequest, projects: dict[str, Project]) -> Project:
    return projects[request.param]


@pytest.fixture(scope="module")
def given(projects: dict[str, Project], server: MariaDB) -> dict[str, Any]:
    queries = {
        f"{number}{suffix}": f"SELECT value FROM t{number}{rest}"
        for number in range(len(CASES) + len(REFUSED))
        for suffix, rest in (("", " ORDER BY id"), (" empty", " WHERE 1 = 0"))
    }
    for number, case in enumerate(REFUSED, start=len(CASES)):
        cast = case.cast.format("value")
        queries[f"{number} cast"] = f"SELECT {cast} AS value FROM t{number}"
    return projects["mariadb"].read(server.credentials, queries)


@pytest.fixture(scope="module")
def said(server: MariaDB) -> list[str]:
    """What the server says of each value, by a program of its own."""
    statements = [
        f"SELECT CAST({case.said.format('value')} AS CHAR) FROM t{number} WHERE id = 1;"
        for number, case in enumerate(CASES)
    ]
    rows = server.sql(MODES + "\n".join(statements))
    return [row[0] for row in rows]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(tool: str, project: Project) -> None:
    assert project.command(tool) == ""


def test_its_own_tests_pass(project: Project, server: MariaDB, tmp_path: Path) -> None:
    assert SKIPPED not in project.tests(server.credentials, tmp_path)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_value_is_what_the_server_says_it_is(
    number: int, given: dict[str, Any], said: list[str]
) -> None:
    case, came = CASES[number], given[str(number)]
    assert came.get("types") == [case.arrow], came
    ((null, value),) = came["columns"]
    assert null is None
    assert same(case, value, said[number])
    assert given[f"{number} empty"]["types"] == [case.arrow]


@pytest.mark.parametrize("number", range(len(CASES), len(CASES) + len(REFUSED)))
def test_a_value_that_does_not_fit_names_its_column_and_the_cast(
    number: int, given: dict[str, Any]
) -> None:
    case, came = REFUSED[number - len(CASES)], given[str(number)]
    assert came.get("error") == "UnsupportedTypeError", came
    assert "'value'" in came["message"]
    assert case.cast.format("`value`") in came["message"]
    assert len(given[f"{number} cast"]["columns"][0]) == 2


def test_any_double_comes_as_it_is(
    projects: dict[str, Project], server: MariaDB
) -> None:
    patterns = random.Random(7)  # noqa: S311 - not for secrets
    numbers = [struct.unpack("d", patterns.randbytes(8))[0] for _ in range(300)]
    numbers = [number for number in numbers if abs(number) < float("inf")]
    query = " UNION ALL ".join(f"SELECT {number!r} + 0e0 AS it" for number in numbers)
    came = projects["mariadb"].read(server.credentials, {"it": query})["it"]
    assert [float(each) for each in came["columns"][0]] == numbers


@pytest.mark.moves("source/mariadb", "source/mysql", "destination/local")
def test_a_flow_moves_every_row(
    project: Project, server: MariaDB, tmp_path: Path, prefect_server: PrefectServer
) -> None:
    query = "SELECT * FROM wide ORDER BY id"
    rows = project.load(server.credentials, tmp_path, query, prefect_server.environment)
    assert rows == ROWS
    columns = (
        "id, number, price, HEX(text), HEX(bytes), DATE_FORMAT(seen, '%H:%i:%s.%f')"
    )
    expected = server.sql(f"{MODES} SELECT {columns} FROM wide ORDER BY id")
    table = pl.read_parquet(tmp_path / "file.parquet")
    assert_telling(table.rows())
    found = table.select(
        pl.col("id", "number", "price").cast(pl.String),
        pl.col("text").cast(pl.Binary).bin.encode("hex").str.to_uppercase(),
        pl.col("bytes").bin.encode("hex").str.to_uppercase(),
        pl.col("seen").dt.strftime("%H:%M:%S%.6f"),
    )
    assert [
        ["NULL" if v is None else v for v in row] for row in found.rows()
    ] == expected


def test_bad_input_is_told_apart(project: Project, server: MariaDB) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "password": {"password": "canary"},
        "database": {"database": "no_such"},
        "port": {"port": 1},
        "column": {},
    }
    errors = {}
    for name, other in wrong.items():
        credentials = {**server.credentials, **other}
        came = project.read(credentials, {"it": "SELECT gone FROM wide"})["it"]
        errors[name] = came["error"]
        assert "Next: " in came["message"]
        assert "canary" not in came["message"]
    assert errors == {
        "password": "CredentialError",
        "database": "FatalError",
        "port": "SourceUnavailableError",
        "column": "QueryRejectedError",
    }


def test_without_its_driver_the_extra_is_named(project: Project) -> None:
    assert f"acme[{project.dialect}]" in project.without("pymysql")
