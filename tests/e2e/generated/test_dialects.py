"""A project of every dialect: its gates, its own tests, and rows moved by its flows."""

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import duckdb
import polars as pl
import pytest
from sourcewright.services import PrefectServer

from tests.e2e.generated.dialects import (
    WIDE,
    DialectContract,
    Project,
    RenderedContract,
    make,
)
from tests.e2e.generated.gates import TOOLS, report_of_tests, said_by
from tests.e2e.generated.parts import HERE, Flows, environment, run
from tests.mariadb import MariaDB, missing
from tests.sweeps import only_whole

SQLITE_FILL = """
CREATE TABLE wide
(id INTEGER, number BIGINT, share REAL, text TEXT, bytes BLOB, flag INTEGER);
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n LIMIT 5000)
INSERT INTO wide SELECT n, CASE WHEN n > 3000 THEN 9223372036854775807 - n END,
CASE WHEN n % 5 THEN n / 7.0 END, CASE WHEN n % 7 THEN 'ø' || char(119070) || n END,
CASE WHEN n % 11 THEN randomblob(n % 50) END, CASE WHEN n % 2 THEN n % 4 = 1 END FROM n;
"""
DUCKDB_FILL = """
CREATE TABLE wide AS SELECT range AS id,
CASE WHEN range % 3 > 0 THEN 18446744073709551615 - range::UBIGINT END AS number,
CASE WHEN range % 5 > 0 THEN (range / 7)::DECIMAL(38, 10) END AS price,
CASE WHEN range % 7 > 0 THEN 'ø\U0001d11e' || range END AS text,
CASE WHEN range % 11 > 0 THEN encode(md5(range::VARCHAR)) END AS bytes,
CASE WHEN range % 13 > 0 THEN TIMESTAMP '2024-02-29' + to_microseconds(range)
END AS seen
FROM range(5000);
"""
MARIADB_FILL = """
SET sql_mode = ''; USE shop;
CREATE TABLE wide (id INT, number BIGINT UNSIGNED, price DECIMAL(38, 10), text TEXT,
bytes BLOB, seen DATETIME(6));
INSERT INTO wide SELECT seq, IF(seq % 3, 18446744073709551615 - seq, NULL),
IF(seq % 5, seq / 7, NULL), IF(seq % 7, CONCAT('ø\U0001d11e', seq), NULL),
IF(seq % 11, UNHEX(SHA2(seq, 256)), NULL),
IF(seq % 13, TIMESTAMPADD(MICROSECOND, seq, '2024-02-29'), NULL) FROM seq_1_to_5000;
"""


DIALECTS = ["sqlite", "generic", "duckdb", "mariadb", "mysql", "mssql", "oracle"]


@pytest.fixture(scope="module")
def of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that reads from every dialect but PostgreSQL, which the golden has."""
    folder = tmp_path_factory.mktemp("dialects") / "project"
    make(folder, DIALECTS)
    return folder


@pytest.fixture(scope="module")
def flows(
    of_all: Path,
    prefect_server: PrefectServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flows]:
    folder = tmp_path_factory.mktemp("flows")
    variables, log = prefect_server.environment, folder / "log"
    with Flows(of_all, folder / "config.yaml", variables, log) as flows:
        yield flows


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(tool: str, of_all: Path) -> None:
    assert said_by(tool, of_all) == ""


def test_the_unit_tests_of_every_dialect_pass(of_all: Path, tmp_path: Path) -> None:
    patterns = [f"tests/unit/test_{name}.py" for name in DIALECTS]
    report = report_of_tests(of_all, tmp_path, patterns)
    skipped = [line for line in report.splitlines() if line.startswith("SKIPPED")]
    assert all("libltdl7" in line for line in skipped)
    assert int(report.split(" passed")[0].split()[-1]) >= 5 * len(DIALECTS)


class File(NamedTuple):
    """A database in a file."""

    path: Path
    credentials: Mapping[str, str]


@pytest.mark.moves("source/sqlite", "destination/local")
class TestSQLite(DialectContract):
    names: ClassVar[Mapping[str, str]] = {"sqlite": "SQLite"}

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(SQLITE_FILL)
        return File(path, cls.credentials(str(path)))

    @staticmethod
    def credentials(path: str) -> Mapping[str, str]:
        return {"path": path}

    def truth(self, database: File) -> list[Any]:
        with closing(sqlite3.connect(database.path)) as connection:
            return connection.execute(WIDE).fetchall()


@pytest.mark.moves("source/generic", "destination/local")
class TestGeneric(TestSQLite):
    names: ClassVar[Mapping[str, str]] = {"generic": "GenericSQL"}

    @staticmethod
    def credentials(path: str) -> Mapping[str, str]:
        return {"drivername": "sqlite", "database": path}


@pytest.mark.moves("source/duckdb", "destination/local")
class TestDuckDB(DialectContract):
    names: ClassVar[Mapping[str, str]] = {"duckdb": "DuckDB"}
    driver = "duckdb"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.duckdb"
        with duckdb.connect(path) as connection:
            connection.execute(DUCKDB_FILL)
        return File(path, {"path": str(path)})

    def truth(self, database: File) -> list[Any]:
        with duckdb.connect(database.path, read_only=True) as connection:
            return list(connection.execute(WIDE).fetchall())


@pytest.mark.moves("source/mariadb", "source/mysql", "destination/local")
class TestMariaDB(DialectContract):
    """Both dialects: no server of MySQL can be had here."""

    names: ClassVar[Mapping[str, str]] = {"mariadb": "MariaDB", "mysql": "MySQL"}
    driver = "pymysql"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls) -> Iterator[MariaDB]:
        reason = missing()
        if reason and not os.environ.get("CI"):
            pytest.skip(reason)
        with MariaDB() as server:
            server.sql(MARIADB_FILL)
            yield server

    def truth(self, database: MariaDB) -> list[Any]:
        columns = (
            "id, number, price, HEX(text), HEX(bytes), DATE_FORMAT(seen, '%H:%i:%s.%f')"
        )
        return database.sql(f"USE shop; {WIDE.replace('*', columns)}")

    def moved(self, frame: pl.DataFrame) -> list[Any]:
        found = frame.select(
            pl.col("id", "number", "price").cast(pl.String),
            pl.col("text").cast(pl.Binary).bin.encode("hex").str.to_uppercase(),
            pl.col("bytes").bin.encode("hex").str.to_uppercase(),
            pl.col("seen").dt.strftime("%H:%M:%S%.6f"),
        )
        return [["NULL" if v is None else v for v in row] for row in found.rows()]


class WithoutServerContract(RenderedContract):
    """The project's own tests pass, or name the server that they need."""

    library: ClassVar[str] = ""  # of the system, that the driver may miss

    @only_whole
    def test_its_own_tests_pass_but_those_that_need_a_server(
        self, first: Project, tmp_path: Path, prefect_server: PrefectServer
    ) -> None:
        report = report_of_tests(
            first.path,
            tmp_path,
            [f"tests/*/test_{first.dialect}*.py"],
            servers=prefect_server.environment,
        )
        key = f"ACME__{first.dialect.upper()}_TEST__<FIELD>"
        skipped = [line for line in report.splitlines() if line.startswith("SKIPPED")]
        others = [line for line in skipped if key not in line]
        assert len(skipped) > len(others)
        assert all(self.library and self.library in line for line in others)
        assert " passed" in report


class TestMSSQL(WithoutServerContract):
    names: ClassVar[Mapping[str, str]] = {"mssql": "MSSQL"}
    driver = "mssql_python"
    library = "libltdl7"


class TestOracle(WithoutServerContract):
    names: ClassVar[Mapping[str, str]] = {"oracle": "Oracle"}
    driver = "oracledb"


CONTRACTS: list[type[RenderedContract]] = [
    *(TestSQLite, TestGeneric, TestDuckDB, TestMariaDB, TestMSSQL, TestOracle)
]
WITHOUT = """
import sys
import acme.orchestration.prefect.flows, acme.sources as sources
from acme.exceptions import MissingExtraError
for name in sys.argv[1:]:
    try:
        getattr(sources, name)(config_key="any")
    except MissingExtraError as err:
        print(err)
"""


def test_without_its_driver_a_dialect_names_its_extra(of_all: Path) -> None:
    drivers = {name: each.driver for each in CONTRACTS for name in each.names}
    classes = [
        name for each in CONTRACTS if each.driver for name in each.names.values()
    ]
    assert drivers.keys() == {*DIALECTS}
    env = environment(of_all, HIDDEN=" ".join(filter(None, drivers.values())))
    env["PYTHONPATH"] = f"{HERE / 'missing'}:{env['PYTHONPATH']}"
    done = run([sys.executable, "-c", WITHOUT, *classes], env=env, cwd=of_all)
    assert done.returncode == 0, done.stdout
    pyproject = (of_all / "pyproject.toml").read_text("utf-8")
    for name, driver in drivers.items():
        assert (f"acme[{name}]" in done.stdout) == bool(driver), name
        assert (f"{name} = [" in pyproject) == bool(driver), name
