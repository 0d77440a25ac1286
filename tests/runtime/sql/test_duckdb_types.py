"""DuckDB: values of each type, compared with the texts that DuckDB writes."""

from pathlib import Path

import duckdb
import pytest
from runtime.sql.duckdb import DuckDB

from tests.runtime.sql.type_contract import Case, Refused, TypeContract

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
VARCHAR = "CAST({} AS VARCHAR)"
REFUSED = [
    Refused("HUGEINT", "170141183460469231731687303715884105727", VARCHAR),
    Refused("UHUGEINT", "1", VARCHAR),
    Refused("DATE", "'infinity'", VARCHAR),
    Refused("DATE", "'-infinity'", VARCHAR),
    Refused("TIMESTAMP", "'infinity'", VARCHAR),
    Refused("TIMESTAMPTZ", "'-infinity'", VARCHAR),
    Refused("TIME", "'24:00:00'", VARCHAR),
    Refused("TIMETZ", "'12:00:00+01'", VARCHAR),
    Refused("INTERVAL", "INTERVAL '1 month 2 days 3.5 s'", VARCHAR),
    Refused("BIT", "'101'", VARCHAR),
    Refused("INTEGER[]", "[1, NULL]", "to_json({})"),
    Refused("INTEGER[2]", "[1, 2]", "to_json({})"),
    Refused("VARCHAR[]", "['ENUM(']", "to_json({})"),
    Refused("STRUCT(a INTEGER)", "{'a': 1}", "to_json({})"),
    Refused("MAP(VARCHAR, INTEGER)", "MAP {'a': 1}", "to_json({})"),
]


class File:
    """A database, and DuckDB itself to ask."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = DuckDB(credentials={"path": path})

    def said(self, query: str) -> str:
        with duckdb.connect(self.path, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.execute(query).fetchone()
        assert found
        return str(found[0])


class TestDuckDB(TypeContract):
    cases = CASES
    refused = REFUSED
    text = VARCHAR

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.duckdb"
        with duckdb.connect(path) as connection:
            connection.execute(cls.script())
        return File(path)
