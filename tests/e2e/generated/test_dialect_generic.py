"""The dialect `generic`: what three databases' drivers give, and what each says itself.

One project reads from all three. A type that a driver has changed already can't be told
from another: the expectations are the driver's, the texts are the database's.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import psycopg2
import pytest
from sourcewright.services import PostgreSQL

from tests.e2e.generated.dialects import (
    WIDE,
    Bad,
    Case,
    Database,
    DialectContract,
    Project,
    Refused,
    make,
)
from tests.mariadb import MariaDB, missing

NAMES = {"generic": "GenericSQL"}
CANARY = "a-canary-in-the-mine"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Project]:
    return make(tmp_path_factory.mktemp("generic") / "project", NAMES)


class GenericContract(DialectContract):
    """What is asked of every database; the project is the same."""

    names: ClassVar[Mapping[str, str]] = NAMES

    @pytest.fixture(scope="class")
    @classmethod
    def projects(cls, made: Mapping[str, Project]) -> Mapping[str, Project]:
        return made


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
SQLITE_FILL = """
CREATE TABLE wide (id, number, share, text, bytes);
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n LIMIT 5000)
INSERT INTO wide SELECT n, CASE WHEN n > 3000 THEN 9223372036854775807 - n END,
CASE WHEN n % 5 THEN n / 7.0 END, CASE WHEN n % 7 THEN 'ø' || char(119070) || n END,
CASE WHEN n % 11 THEN randomblob(n % 50) END FROM n;
"""


@dataclass(frozen=True)
class File:
    """A SQLite database, and SQLite itself to ask."""

    path: Path

    @property
    def credentials(self) -> dict[str, str]:
        return {"drivername": "sqlite", "database": str(self.path)}

    def said(self, queries: Sequence[str]) -> list[str]:
        with closing(sqlite3.connect(self.path)) as connection:
            return [connection.execute(query).fetchone()[0] for query in queries]


@pytest.mark.moves("source/generic", "destination/local")
class TestOnSQLite(GenericContract):
    cases = SQLITE_CASES
    refused: ClassVar[Sequence[Refused]] = ()

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("\n".join([SQLITE_FILL, *cls.script()]))
        return File(path)

    def truth(self, database: File) -> list[Any]:
        with closing(sqlite3.connect(database.path)) as connection:
            return connection.execute(WIDE).fetchall()

    @pytest.fixture
    def bad(self, database: File, tmp_path: Path) -> Mapping[str, Bad]:
        missing, other = tmp_path / "no" / "such.sqlite", tmp_path / "other.sqlite"
        other.write_text("no database " * 200, "utf-8")
        return {
            "missing": Bad(
                {"drivername": "sqlite", "database": str(missing)},
                "FatalError",
                str(missing),
            ),
            "other": Bad(
                {"drivername": "sqlite", "database": str(other)},
                "FatalError",
                str(other),
            ),
            "column": Bad(database.credentials, "QueryRejectedError", "gone"),
            "text": Bad(
                database.credentials,
                "UnsupportedTypeError",
                "cast the column",
                "SELECT CAST(x'ff' AS TEXT) AS value",
            ),
            "password": Bad(
                {**database.credentials, "password": self.canary},
                "CredentialError",
                "check which of the fields",
            ),
        }


class OnServer(GenericContract):
    """A server; the gates and the project's own tests have run on SQLite."""

    test_a_tool_has_nothing_to_say: ClassVar = None  # type: ignore[assignment]
    test_its_own_tests_pass: ClassVar = None  # type: ignore[assignment]
    large: ClassVar[str]  # more rows than anybody waits for

    def test_who_stops_reading_does_not_read_the_rest(
        self, first: Project, database: Database
    ) -> None:
        before = time.monotonic()
        came = first.read_each(
            {
                "it": {
                    "credentials": dict(database.credentials),
                    "query": self.large,
                    "batches": 3,
                }
            }
        )["it"]
        assert came["rows"] > 1000
        assert came["bytes"] < 8 * 1024 * 1024
        assert time.monotonic() - before < 30


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
POSTGRESQL_FILL = """
CREATE TABLE wide AS SELECT i AS id,
CASE WHEN i > 3000 THEN 9223372036854775807 - i END AS number,
CASE WHEN i % 5 > 0 THEN (i / 7.0)::numeric(38, 10) END AS price,
CASE WHEN i % 7 > 0 THEN 'ø\U0001d11e' || i END AS text,
CASE WHEN i % 11 > 0 THEN decode(md5(i::text), 'hex') END AS bytes,
CASE WHEN i % 13 > 0 THEN TIMESTAMP '2024-02-29' + i * INTERVAL '1 microsecond' END AS s
FROM generate_series(1, 5000) AS i;
"""


@dataclass(frozen=True)
class PostgreSQLDatabase:
    """A database of its own, and the server to ask for each value's text."""

    server: PostgreSQL
    name: str

    @property
    def credentials(self) -> dict[str, Any]:
        return {
            "drivername": "postgresql+psycopg2",
            "host": self.server.host,
            "port": self.server.port,
            "database": self.name,
            "user": self.server.user,
            "password": self.server.password,
        }

    def run(self, text: str) -> list[Any]:
        with closing(
            psycopg2.connect(
                host=self.server.host,
                port=self.server.port,
                dbname=self.name,
                user=self.server.user,
                password=self.server.password,
            )
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else []

    def said(self, queries: Sequence[str]) -> list[str]:
        return [self.run(query)[0][0] for query in queries]


@pytest.mark.moves("source/generic", "destination/local")
class TestOnPostgreSQL(OnServer):
    cases = POSTGRESQL_CASES
    refused = POSTGRESQL_REFUSED
    large = "SELECT a.id FROM wide AS a, wide AS b, wide AS c"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, postgres: PostgreSQL) -> PostgreSQLDatabase:
        PostgreSQLDatabase(postgres, postgres.database).run("CREATE DATABASE generic")
        made = PostgreSQLDatabase(postgres, "generic")
        made.run("\n".join([POSTGRESQL_FILL, *cls.script()]))
        return made

    def truth(self, database: PostgreSQLDatabase) -> list[Any]:
        return [
            tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
            for row in database.run(WIDE)
        ]

    @pytest.fixture
    def bad(self, database: PostgreSQLDatabase) -> Mapping[str, Bad]:
        whole = database.credentials
        return {
            "database": Bad({**whole, "database": "no_such"}, "FatalError", "no_such"),
            "port": Bad({**whole, "port": 1}, "SourceUnavailableError", ":1/"),
            "setting": Bad(
                {**whole, "query": {"sslmode": CANARY}}, "FatalError", "sslmode"
            ),
            "name": Bad({**whole, "query": {"nosuch": CANARY}}, "FatalError", "nosuch"),
            "column": Bad(whole, "QueryRejectedError", "gone"),
        }


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
MARIA_FILL = """
CREATE TABLE wide (id INT, number BIGINT, price DECIMAL(30, 10), text TEXT, bytes BLOB);
INSERT INTO wide SELECT seq, IF(seq > 3000, 9223372036854775807 - seq, NULL),
IF(seq % 5, seq / 7, NULL), IF(seq % 7, CONCAT('ø\U0001d11e', seq), NULL),
IF(seq % 11, UNHEX(SHA2(seq, 256)), NULL) FROM seq_1_to_5000;
"""
MODES = "SET sql_mode = '', time_zone = '+00:00';\nUSE shop;\n"


@dataclass(frozen=True)
class MariaServer:
    """A server, and its own client to ask."""

    it: MariaDB

    @property
    def credentials(self) -> dict[str, Any]:
        known = {"drivername": "mysql+pymysql", "query": {"charset": "utf8mb4"}}
        return {**known, **self.it.credentials, "user": "plain", "password": "plain"}

    def said(self, queries: Sequence[str]) -> list[str]:
        return [row[0] for row in self.it.sql(MODES + ";\n".join(queries))]


@pytest.mark.moves("source/generic", "destination/local")
class TestOnMariaDB(OnServer):
    cases = MARIA_CASES
    refused = MARIA_REFUSED
    text = "CAST({} AS CHAR)"
    quoted = "`value`"
    large = "SELECT a.id FROM wide AS a, wide AS b, wide AS c"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls) -> Iterator[MariaServer]:
        reason = missing()
        if reason and not os.environ.get("CI"):
            pytest.skip(reason)
        with MariaDB() as server:
            server.sql(
                "CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'plain';"
                "GRANT SELECT ON *.* TO plain@'127.0.0.1';"
            )
            server.sql("\n".join([MODES, MARIA_FILL, *cls.script()]))
            yield MariaServer(server)

    def truth(self, database: MariaServer) -> list[Any]:
        columns = "id, number, price, HEX(text), HEX(bytes)"
        return database.it.sql(MODES + WIDE.replace("*", columns))

    def moved(self, frame: pl.DataFrame) -> list[Any]:
        found = frame.select(
            pl.col("id", "number", "price").cast(pl.String),
            pl.col("text").cast(pl.Binary).bin.encode("hex").str.to_uppercase(),
            pl.col("bytes").bin.encode("hex").str.to_uppercase(),
        )
        return [["NULL" if v is None else v for v in row] for row in found.rows()]

    @pytest.fixture
    def bad(self, database: MariaServer) -> Mapping[str, Bad]:
        whole = database.credentials
        return {
            "password": Bad(
                {**whole, "password": self.canary}, "CredentialError", "plain"
            ),
            "database": Bad({**whole, "database": "no_such"}, "FatalError", "no_such"),
            "port": Bad({**whole, "port": 1}, "SourceUnavailableError", ":1/"),
            "setting": Bad(
                {**whole, "query": {"nosuch": self.canary}}, "CredentialError", "query"
            ),
            "column": Bad(whole, "QueryRejectedError", "gone"),
        }
