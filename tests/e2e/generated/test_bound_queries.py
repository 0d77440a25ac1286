"""Values and names that a source writes into a query mean just what was given.

The contract that is generated for them runs on every database that can be had, and on
servers whose settings change what a backslash or a quote means.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sourcewright.services import PostgreSQL, PrefectServer

from tests.e2e.generated.dialects import Project, make
from tests.e2e.generated.parts import (
    environment,
    postgresql_credentials,
    run,
    write_config,
)
from tests.mariadb import MariaDB, missing

NAMES = {
    "postgresql": "PostgreSQL",
    "mariadb": "MariaDB",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "generic": "GenericSQL",
}
SCHEMA, TABLE, COLUMN = "main", 'it\'s "my" `t` %s ø', 'select "x" `y` z]'
OPPOSITE = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"

# It is put beside the project's own tests.
MODULE = """
import pytest

from acme.sources import {class_name}
from ..contracts.queries import LiveQueryContract


class TestBound(LiveQueryContract):
    @pytest.fixture
    def live_source(self):
        return {class_name}(config_key="it")

    def test_a_table_is_read_by_its_name(self, live_source):
        query = live_source.select({table!r}, [{column!r}], schema={schema!r})
        given = "' OR 1=1 -- \\\\"
        name = live_source.notation.name({column!r})
        where = f"SELECT * FROM ({{query}}) AS t WHERE {{name}} = :value"
        for value, rows in ((given, 1), ("' OR 1=1 --", 0)):
            bound = live_source.bind(where, {{"value": value}})
            found = live_source.to_arrow(bound).to_pylist()
            assert found == [{{{column!r}: given}}] * rows

    def test_the_server_is_set_as_it_shall_be(self, live_source):
        query, expected = {setting!r}
        if query:
            assert live_source.to_arrow(query).to_pylist() == [{{"it": expected}}]
"""

# The flows take the values, and the task alone does; a wrong one ends a run at once.
FLOWS = """
from datetime import date
from decimal import Decimal

from acme.exceptions import QueryRejectedError
from acme.orchestration.prefect import flows, tasks

QUERY = (
    "SELECT n::bigint AS n, :text AS text, :bytes AS bytes, :day AS day, :price::text "
    "AS price FROM generate_series(1, 9) AS n WHERE n IN (:numbers) AND :none IS NULL"
)
PARAMETERS = {
    "text": "' OR 1=1 -- :text %s \\\\",
    "bytes": b"\\x00\\xff",
    "day": date(2024, 2, 29),
    "price": Decimal("1.10"),
    "numbers": [2, 3],
    "none": None,
}
ends = {"postgresql_config_key": "it", "local_config_key": "folder"}
flows.postgresql_to_local("one.parquet", QUERY, sql_parameters=PARAMETERS, **ends)
manifest = flows.postgresql_to_local_in_batches(
    "other.parquet", QUERY, sql_parameters=PARAMETERS, verify="full", **ends
)
assert manifest.rows == 2
df = tasks.postgresql_to_df.fn(QUERY, "it", sql_parameters=PARAMETERS)
assert df["n"].tolist() == [2, 3]
assert tasks.postgresql_to_df.fn("SELECT ':text' AS a", "it")["a"].tolist() == [":text"]
refused = {**PARAMETERS, "text": {"a-canary-in-the-mine"}}
for flow in (flows.postgresql_to_local, flows.postgresql_to_local_in_batches):
    try:
        flow("no.parquet", QUERY, sql_parameters=refused, **ends)
    except QueryRejectedError as err:
        assert "':text'" in str(err) and "canary" not in str(err)
    else:
        raise AssertionError(flow)
"""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Project]:
    return make(tmp_path_factory.mktemp("bound") / "project", NAMES)


@pytest.fixture(scope="module")
def maria() -> Iterator[Callable[[str], MariaDB]]:
    """Give a server for each mode that is asked for."""
    reason = missing()
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    with ExitStack() as stack:
        started: dict[str, MariaDB] = {}

        def server(mode: str) -> MariaDB:
            if mode not in started:
                started[mode] = stack.enter_context(MariaDB(f"--sql-mode={mode}"))
                started[mode].sql(
                    "SET sql_mode = ''; USE shop; "
                    "CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'plain';"
                    "GRANT SELECT ON *.* TO plain@'127.0.0.1';"
                    + filled("`", "TEXT CHARACTER SET utf8mb4", r"'\' OR 1=1 -- \\'")
                )
            return started[mode]

        yield server


def filled(quote: str, kind: str, value: str) -> str:
    """Return statements that make a table with one row."""
    table, column = (
        quote + name.replace(quote, quote * 2) + quote for name in (TABLE, COLUMN)
    )
    rows = f"INSERT INTO {table} VALUES ({value});"  # noqa: S608
    return f"CREATE TABLE {table} ({column} {kind}); {rows}"


STANDARD_VALUE = "''' OR 1=1 -- \\'"


def run_contract(
    project: Project,
    folder: Path,
    credentials: Mapping[str, Any],
    schema: str,
    setting: tuple[str, Any] = ("", None),
) -> None:
    """Run the contract of queries on one database.

    Args:
        project: From its dialect.
        folder: For the configuration.
        credentials: What the source takes.
        schema: Where the table is.
        setting: A query that shows how the server is set, and what it gives as `it`.
    """
    module = project.path / "tests" / "integration" / "test_bound.py"
    module.write_text(
        MODULE.format(
            class_name=project.class_name,
            table=TABLE,
            column=COLUMN,
            schema=schema,
            setting=setting,
        ),
        "utf-8",
    )
    done = run(
        [sys.executable, "-m", "pytest", "-q", "-rs", module],
        env=environment(
            project.path,
            config=write_config(folder / "config.yaml", {"it": credentials}),
        ),
        cwd=project.path,
        seconds=550,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


@pytest.mark.parametrize("dialect", ["sqlite", "generic"])
def test_on_sqlite(
    dialect: str, projects: Mapping[str, Project], tmp_path: Path
) -> None:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(filled('"', "TEXT", STANDARD_VALUE))
    given = {
        "sqlite": {"path": str(path)},
        "generic": {"drivername": "sqlite", "database": str(path)},
    }
    run_contract(projects[dialect], tmp_path, given[dialect], SCHEMA)


def test_on_duckdb(projects: Mapping[str, Project], tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(filled('"', "TEXT", STANDARD_VALUE))
    run_contract(projects["duckdb"], tmp_path, {"path": str(path)}, SCHEMA)


@pytest.mark.parametrize("dialect", ["postgresql", "generic"])
@pytest.mark.parametrize("conforming", ["on", "off"])
def test_on_postgresql(
    dialect: str,
    conforming: str,
    projects: Mapping[str, Project],
    postgres: PostgreSQL,
    tmp_path: Path,
) -> None:
    database = f"bound_{dialect}_{conforming}"
    postgres.create_database(database)
    postgres.psql(filled('"', "text", STANDARD_VALUE), database=database)
    postgres.psql(
        f"ALTER DATABASE {database} SET standard_conforming_strings = {conforming}"
    )
    credentials = postgresql_credentials(postgres, database=database)
    if dialect == "generic":
        credentials["drivername"] = "postgresql+psycopg2"
    setting = "SELECT current_setting('standard_conforming_strings') AS it"
    run_contract(
        projects[dialect], tmp_path, credentials, "public", (setting, conforming)
    )


@pytest.mark.parametrize("dialect", ["mariadb", "generic"])
@pytest.mark.parametrize("mode", ["", OPPOSITE])
def test_on_mariadb(
    dialect: str,
    mode: str,
    projects: Mapping[str, Project],
    maria: Callable[[str], MariaDB],
    tmp_path: Path,
) -> None:
    credentials = dict(maria(mode).credentials)
    if dialect == "generic":
        credentials |= {"user": "plain", "password": "plain"}
        credentials["drivername"] = "mysql+pymysql"
    run_contract(
        projects[dialect],
        tmp_path,
        credentials,
        "shop",
        ("SELECT @@sql_mode AS it", mode),
    )


def test_a_flow_and_its_tasks_take_the_values(
    projects: Mapping[str, Project],
    postgres: PostgreSQL,
    prefect_server: PrefectServer,
    tmp_path: Path,
) -> None:
    project = projects["postgresql"].path
    config = write_config(
        tmp_path / "config.yaml",
        {"it": postgresql_credentials(postgres), "folder": {"root": str(tmp_path)}},
    )
    done = run(
        [sys.executable, "-c", FLOWS],
        env=environment(project, config=config, **prefect_server.environment),
        cwd=project,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    text = "' OR 1=1 -- :text %s \\"
    rows = [(n, text, b"\x00\xff", date(2024, 2, 29), "1.10") for n in (2, 3)]
    assert pl.read_parquet(tmp_path / "one.parquet").rows() == rows
    assert pl.read_parquet(tmp_path / "other.parquet").rows() == rows
    assert not (tmp_path / "no.parquet").exists()
