"""The databases that queries are tried on: their own clients, quotes and settings."""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from runtime.sql.database import Database
from sourcewright.services import PostgreSQL

from tests.mariadb import MariaDB

Run = Callable[[str], object]


class OnSQLite:
    """Where names have these quotes; `literal` is the text `' OR 1=1 -- \\`."""

    quote: ClassVar[str] = '"'
    schema: ClassVar[str] = "main"
    literal: ClassVar[str] = "''' OR 1=1 -- \\'"

    @pytest.fixture
    def run(self, sqlite_path: Path) -> Run:
        def run(script: str) -> None:
            with closing(sqlite3.connect(sqlite_path)) as connection:
                connection.executescript(script)

        return run


class OnDuckDB(OnSQLite):
    @pytest.fixture
    def run(self, duckdb_path: Path) -> Run:
        def run(script: str) -> None:
            with duckdb.connect(duckdb_path) as connection:
                connection.execute(script)

        return run


class OnPostgreSQL:
    quote: ClassVar[str] = '"'
    schema: ClassVar[str] = "public"
    literal: ClassVar[str] = "E'\\' OR 1=1 -- \\\\'"

    @pytest.fixture(scope="class")
    @classmethod
    def credentials(cls, of_postgresql: dict[str, Any]) -> dict[str, Any]:
        return of_postgresql

    @pytest.fixture
    def run(self, postgres: PostgreSQL, credentials: dict[str, Any]) -> Run:
        return lambda script: postgres.psql(script, database=credentials["database"])


class OnEscapingPostgreSQL(OnPostgreSQL):
    """A backslash escapes: standard_conforming_strings is off."""

    @pytest.fixture(scope="class")
    @classmethod
    def credentials(
        cls, postgres: PostgreSQL, of_postgresql: dict[str, Any]
    ) -> dict[str, Any]:
        name = f"escaping_{uuid.uuid4().hex}"
        postgres.create_database(name)
        postgres.psql(f"ALTER DATABASE {name} SET standard_conforming_strings = off")
        return {**of_postgresql, "database": name}

    def test_the_database_has_the_setting(self, source: Database) -> None:
        query = "SELECT current_setting('standard_conforming_strings') AS it"
        assert source.to_arrow(query).to_pylist() == [{"it": "off"}]


class OnMariaDB:
    quote: ClassVar[str] = "`"
    schema: ClassVar[str] = "shop"
    literal: ClassVar[str] = "'\\' OR 1=1 -- \\\\'"

    @pytest.fixture
    def run(self, mariadb: MariaDB) -> Run:
        return lambda script: mariadb.sql(f"SET sql_mode = ''; USE shop; {script}")


class OnOtherMariaDB(OnMariaDB):
    """No mode; or double quotes are those of names, and no backslash escapes."""

    @pytest.fixture(
        scope="class", autouse=True, params=["", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"]
    )
    @classmethod
    def mode(cls, request: pytest.FixtureRequest, mariadb: MariaDB) -> Iterator[str]:
        ((before,),) = mariadb.sql("SELECT @@GLOBAL.sql_mode")
        mariadb.sql(f"SET GLOBAL sql_mode = '{request.param}'")
        yield request.param
        mariadb.sql(f"SET GLOBAL sql_mode = '{before}'")

    def test_the_server_has_the_mode(self, source: Database, mode: str) -> None:
        query = "SELECT @@sql_mode AS it"
        assert source.to_arrow(query).to_pylist() == [{"it": mode}]
