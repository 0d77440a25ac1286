"""DuckDB: what each type comes as, compared with the text that DuckDB writes for it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest

from tests.e2e.generated.dialects import WIDE, Bad, Case, DialectContract, Refused

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
    Refused("STRUCT(a INTEGER)", "{'a': 1}", "to_json({})"),
    Refused("MAP(VARCHAR, INTEGER)", "MAP {'a': 1}", "to_json({})"),
]
FILL = """
CREATE TABLE wide AS SELECT range AS id,
CASE WHEN range % 3 > 0 THEN 18446744073709551615 - range::UBIGINT END AS number,
CASE WHEN range % 5 > 0 THEN (range / 7)::DECIMAL(38, 10) END AS price,
CASE WHEN range % 7 > 0 THEN 'ø\U0001d11e' || range END AS text,
CASE WHEN range % 11 > 0 THEN encode(md5(range::VARCHAR)) END AS bytes,
CASE WHEN range % 13 > 0 THEN TIMESTAMP '2024-02-29' + to_microseconds(range)
END AS seen
FROM range(5000);
"""
HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
input()
"""


@dataclass(frozen=True)
class File:
    """A database, and DuckDB itself to ask."""

    path: Path

    @property
    def credentials(self) -> dict[str, str]:
        return {"path": str(self.path)}

    def said(self, queries: Sequence[str]) -> list[str]:
        return [row[0] for query in queries for row in self.rows(query)]

    def rows(self, query: str) -> list[Any]:
        with duckdb.connect(self.path, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return list(connection.execute(query).fetchall())


@pytest.mark.moves("source/duckdb", "destination/local")
class TestDuckDB(DialectContract):
    names: ClassVar[Mapping[str, str]] = {"duckdb": "DuckDB"}
    driver = "duckdb"
    cases = CASES
    refused = REFUSED
    text = VARCHAR

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.duckdb"
        with duckdb.connect(path) as connection:
            connection.execute("\n".join([FILL, *cls.script()]))
        return File(path)

    def truth(self, database: File) -> list[Any]:
        return database.rows(WIDE)

    @pytest.fixture
    def bad(self, database: File, tmp_path: Path) -> Iterator[Mapping[str, Bad]]:
        missing, other = tmp_path / "missing.duckdb", tmp_path / "other.duckdb"
        other.write_text("no database " * 999, "utf-8")
        held = tmp_path / "held.duckdb"
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, held],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == "held\n"
            yield {
                "missing": Bad({"path": str(missing)}, "FatalError", str(missing)),
                "other": Bad({"path": str(other)}, "FatalError", str(other)),
                "held": Bad(
                    {"path": str(held)}, "SourceUnavailableError", "nobody writes"
                ),
                "column": Bad(
                    database.credentials, "QueryRejectedError", str(database.path)
                ),
            }
            writer.communicate("\n")
        assert not missing.exists()
