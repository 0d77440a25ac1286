"""MariaDB and MySQL: what each type comes as, compared with what the server says.

Both dialects have one connector. No server of MySQL can be had here: its dialect reads
from MariaDB, too.
"""

import os
import random
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl
import pytest

from tests.e2e.generated.dialects import (
    WIDE,
    Bad,
    Case,
    DialectContract,
    Project,
    Refused,
)
from tests.mariadb import MariaDB, missing

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
FILL = """
CREATE TABLE wide (id INT, number BIGINT UNSIGNED, price DECIMAL(38, 10), text TEXT,
bytes BLOB, seen DATETIME(6));
INSERT INTO wide SELECT seq, IF(seq % 3, 18446744073709551615 - seq, NULL),
IF(seq % 5, seq / 7, NULL), IF(seq % 7, CONCAT('ø\U0001d11e', seq), NULL),
IF(seq % 11, UNHEX(SHA2(seq, 256)), NULL),
IF(seq % 13, TIMESTAMPADD(MICROSECOND, seq, '2024-02-29'), NULL) FROM seq_1_to_5000;
"""
MODES = "SET sql_mode = '', time_zone = '+00:00';\nUSE shop;\n"


@dataclass(frozen=True)
class Server:
    """A server, and its own client to ask."""

    it: MariaDB

    @property
    def credentials(self) -> dict[str, str | int]:
        return self.it.credentials

    def said(self, queries: Sequence[str]) -> list[str]:
        return [row[0] for row in self.it.sql(MODES + ";\n".join(queries))]


@pytest.mark.moves("source/mariadb", "source/mysql", "destination/local")
class TestMariaDB(DialectContract):
    names: ClassVar[Mapping[str, str]] = {"mariadb": "MariaDB", "mysql": "MySQL"}
    driver = "pymysql"
    cases = CASES
    refused = REFUSED
    text = "CAST({} AS CHAR)"
    quoted = "`value`"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls) -> Iterator[Server]:
        reason = missing()
        if reason and not os.environ.get("CI"):
            pytest.skip(reason)
        with MariaDB() as server:
            server.sql("\n".join([MODES, FILL, *cls.script()]))
            yield Server(server)

    def truth(self, database: Server) -> list[Any]:
        columns = (
            "id, number, price, HEX(text), HEX(bytes), DATE_FORMAT(seen, '%H:%i:%s.%f')"
        )
        return database.it.sql(MODES + WIDE.replace("*", columns))

    def moved(self, frame: pl.DataFrame) -> list[Any]:
        found = frame.select(
            pl.col("id", "number", "price").cast(pl.String),
            pl.col("text").cast(pl.Binary).bin.encode("hex").str.to_uppercase(),
            pl.col("bytes").bin.encode("hex").str.to_uppercase(),
            pl.col("seen").dt.strftime("%H:%M:%S%.6f"),
        )
        return [["NULL" if v is None else v for v in row] for row in found.rows()]

    @pytest.fixture
    def bad(self, database: Server) -> Mapping[str, Bad]:
        whole = database.credentials
        return {
            "password": Bad(
                {**whole, "password": self.canary}, "CredentialError", "reader"
            ),
            "database": Bad({**whole, "database": "no_such"}, "FatalError", "no_such"),
            "port": Bad({**whole, "port": 1}, "SourceUnavailableError", ":1/"),
            "column": Bad(whole, "QueryRejectedError", "gone"),
        }

    def test_any_double_comes_as_it_is(self, first: Project, database: Server) -> None:
        patterns = random.Random(7)  # noqa: S311 - not for secrets
        numbers = [struct.unpack("d", patterns.randbytes(8))[0] for _ in range(300)]
        numbers = [number for number in numbers if abs(number) < float("inf")]
        query = " UNION ALL ".join(f"SELECT {each!r} + 0e0 AS it" for each in numbers)
        came = first.read(database.credentials, {"it": query})["it"]
        assert [float(each) for each in came["columns"][0]] == numbers
