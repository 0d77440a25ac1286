"""MariaDB: values of each type, compared with the texts that the server writes."""

import random
import struct

import pytest
from runtime.sql.mysql import MariaDB

from tests.mariadb import MariaDB as MariaServer
from tests.runtime.sql.type_contract import Case, Refused, TypeContract

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
MODES = "SET sql_mode = '', time_zone = '+00:00';"


class Server:
    """A database of the server, and its own client to ask."""

    def __init__(self, it: MariaServer, name: str) -> None:
        self._it, self._name = it, name
        self.source = MariaDB(credentials={**it.credentials, "database": name})

    def said(self, query: str) -> str:
        ((text,),) = self._it.sql(f"{MODES} USE {self._name}; {query}")
        return text


class TestMariaDB(TypeContract):
    cases = CASES
    refused = REFUSED
    text = "CAST({} AS CHAR)"
    quoted = "`value`"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, mariadb: MariaServer) -> Server:
        mariadb.sql(f"{MODES} CREATE DATABASE types; USE types; {cls.script()}")
        return Server(mariadb, "types")

    def test_any_double_comes_as_it_is(self, database: Server) -> None:
        patterns = random.Random(7)
        numbers = [struct.unpack("d", patterns.randbytes(8))[0] for _ in range(300)]
        numbers = [number for number in numbers if abs(number) < float("inf")]
        query = " UNION ALL ".join(f"SELECT {each!r} + 0e0 AS it" for each in numbers)
        assert database.source.to_arrow(query).column("it").to_pylist() == numbers
