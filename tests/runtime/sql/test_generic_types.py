"""The dialect `generic`: values of three databases, compared with their own texts.

A driver may have converted a value already: the expected types are the driver's.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import psycopg2
import pytest
from runtime.sql.generic import GenericSQL
from sourcewright.services import PostgreSQL

from tests.mariadb import MariaDB
from tests.runtime.sql.type_contract import Case, Refused, TypeContract

SQLITE_TEXT, SQLITE_EXACT = "hex(CAST({} AS BLOB))", "printf('%!.20g', {})"
SQLITE_CASES = [
    Case("INTEGER", "-9223372036854775808", "int64", empty="string"),
    Case("BIGINT", "9223372036854775807", "int64", empty="string"),
    Case("BOOLEAN", "TRUE", "int64", empty="string"),
    Case("REAL", "0.1", "double", SQLITE_EXACT, empty="string"),
    Case("REAL", "-1.5e-300", "double", SQLITE_EXACT, empty="string"),
    Case("NUMERIC", "1.25", "double", SQLITE_EXACT, empty="string"),
    Case("TEXT", "''", "string", SQLITE_TEXT),
    Case("TEXT", "'ø \U0001d11e %s :a ' || char(0, 10)", "string", SQLITE_TEXT),
    Case("DATETIME", "'2024-02-29 23:59:59.999999'", "string", SQLITE_TEXT),
    Case("DATE", "19782", "int64", empty="string"),
    Case("JSON", '\'{"b": 1, "b": 2}\'', "string", SQLITE_TEXT),
    Case("BLOB", "x'00ff80'", "binary", "hex({})", empty="string"),
    Case("BLOB", "x''", "binary", "hex({})", empty="string"),
]


class File:
    """A SQLite database, and SQLite itself to ask."""

    def __init__(self, path: Path) -> None:
        self.path = path
        credentials = {"drivername": "sqlite", "database": str(path)}
        self.source = GenericSQL(credentials=credentials)

    def said(self, query: str) -> str:
        with closing(sqlite3.connect(self.path)) as connection:
            return str(connection.execute(query).fetchone()[0])


class TestOnSQLite(TypeContract):
    cases = SQLITE_CASES
    refused: ClassVar[Sequence[Refused]] = ()
    test_an_unsupported_value_names_its_column_and_a_cast: ClassVar = None  # type: ignore[assignment]

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(cls.script())
        return File(path)


POSTGRESQL_TEXT = "encode(convert_to({}::text, 'UTF8'), 'hex')"
UPPER = f"upper({POSTGRESQL_TEXT})"
PG_MICROSECONDS = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
PG_NAIVE = "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')"
POSTGRESQL_CASES = [
    Case("boolean", "true", "bool", "{}::int", empty="string"),
    Case("smallint", "-32768", "int64", empty="string"),
    Case("bigint", "-9223372036854775808", "int64", empty="string"),
    Case("real", "0.1", "double", empty="string"),
    Case("double precision", "'NaN'", "double", empty="string"),
    Case("double precision", "5e-324", "double", empty="string"),
    Case("numeric(5, 2)", "-1.10", "decimal128(5, 2)", empty="string"),
    Case("numeric(60, 10)", f"{'9' * 50}.5", "decimal256(60, 10)", "{}", "string"),
    Case("numeric", "1e-15", "decimal128(38, 15)", empty="string"),
    Case("numeric", "0.10", "decimal128(38, 2)", empty="string"),
    Case("text", "''", "string", UPPER),
    Case("varchar(20)", "'ø \U0001d11e %s :a'", "string", UPPER),
    Case("char(4)", "'a'", "string", "upper(encode(bpcharsend({}), 'hex'))"),
    Case("bytea", "'\\x00ff80'", "binary", "upper(encode({}, 'hex'))", "string"),
    Case("date", "'0001-01-01'", "date32[day]", empty="string"),
    Case("time", "'23:59:59.999999'", "time64[us]", empty="string"),
    Case("timestamp", "'9999-12-31 23:59:59'", "timestamp[us]", PG_NAIVE, "string"),
    Case(
        "timestamptz",
        "'2024-03-31 02:30:00.5+02'",
        "timestamp[us, tz=UTC]",
        PG_MICROSECONDS,
        "string",
    ),
    Case("uuid", "'67e55044-10b1-426f-9247-bb680e5fe0c8'", "string", UPPER),
]
AS_TEXT = "CAST({} AS VARCHAR)"
POSTGRESQL_REFUSED = [
    Refused("numeric", "'NaN'", AS_TEXT),
    Refused("interval", "'1 mon 2 days'", AS_TEXT),
    Refused("timetz", "'12:00:00+01'", AS_TEXT),
    Refused("integer[]", "'{1,NULL}'", AS_TEXT),
    Refused("jsonb", "'{\"a\": 1}'", AS_TEXT),
]


class PostgreSQLDatabase:
    """A database of its own, and the server to ask."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self.connection = psycopg2.connect(**credentials)
        self.connection.autocommit = True
        credentials = {**credentials, "drivername": "postgresql+psycopg2"}
        self.source = GenericSQL(credentials=credentials)

    def said(self, query: str) -> str:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return str(cursor.fetchone()[0])


class TestOnPostgreSQL(TypeContract):
    cases = POSTGRESQL_CASES
    refused = POSTGRESQL_REFUSED

    @pytest.fixture(scope="class")
    @classmethod
    def database(
        cls, postgres: PostgreSQL, of_postgresql: dict[str, Any]
    ) -> Iterator[PostgreSQLDatabase]:
        postgres.create_database("generic")
        made = PostgreSQLDatabase({**of_postgresql, "database": "generic"})
        with closing(made.connection), made.connection.cursor() as cursor:
            cursor.execute(cls.script())
            yield made


MARIA_TEXT, MARIA_BYTES = "HEX(CONVERT({} USING utf8mb4))", "HEX({})"
MARIA_MICROSECONDS = "DATE_FORMAT({}, '%Y-%m-%d %H:%i:%s.%f')"
MARIA_CASES = [
    Case("tinyint", "-128", "int64", empty="string"),
    Case("bigint", "-9223372036854775808", "int64", empty="string"),
    Case("decimal(5,2)", "-1.10", "decimal128(7, 2)", empty="string"),
    Case("decimal(38,38)", "1e-38", "decimal256(40, 38)", "{}", "string"),
    Case("double", "0.1", "double", empty="string"),
    Case("double", "-1.7976931348623157e308", "double", empty="string"),
    Case("year", "1901", "int64", empty="string"),
    Case("date", "'9999-12-31'", "date32[day]", empty="string"),
    Case(
        "datetime(6)",
        "'9999-12-31 23:59:59.999999'",
        "timestamp[us]",
        MARIA_MICROSECONDS,
        "string",
    ),
    Case("varchar(20)", "'ø \U0001d11e %s :a'", "string", MARIA_TEXT),
    Case("varchar(20)", "''", "string", MARIA_TEXT),
    Case("longtext", "repeat('ø', 70000)", "string", MARIA_TEXT),
    Case("varbinary(9)", "x'00ff'", "binary", MARIA_BYTES, "string"),
    Case("json", '\'{"b": 1,"a":2}\'', "string", MARIA_TEXT),
]
AS_CHAR = "CAST({} AS CHAR)"
MARIA_REFUSED = [
    Refused("time", "'12:00:00'", AS_CHAR),
    Refused("bigint unsigned", "18446744073709551615", AS_CHAR),
]
MODES = "SET sql_mode = '', time_zone = '+00:00';"


class MariaDatabase:
    """A database of the server, and its own client to ask."""

    def __init__(self, it: MariaDB, credentials: dict[str, Any]) -> None:
        self._it = it
        credentials = {**credentials, "query": {"charset": "utf8mb4"}}
        self.source = GenericSQL(credentials={**credentials, "database": "generic"})

    def said(self, query: str) -> str:
        ((text,),) = self._it.sql(f"{MODES} USE generic; {query}")
        return text


class TestOnMariaDB(TypeContract):
    cases = MARIA_CASES
    refused = MARIA_REFUSED
    text = "CAST({} AS CHAR)"
    quoted = "`value`"

    @pytest.fixture(scope="class")
    @classmethod
    def database(
        cls, mariadb: MariaDB, of_plain_mariadb: dict[str, Any]
    ) -> MariaDatabase:
        mariadb.sql(f"{MODES} CREATE DATABASE generic; USE generic; {cls.script()}")
        return MariaDatabase(mariadb, of_plain_mariadb)
