"""SQLite: what each declared type comes as, compared with what SQLite says itself."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.e2e.generated.dialects import (
    WIDE,
    Bad,
    Case,
    DialectContract,
    Project,
    Refused,
)

TEXT, BYTES = "hex(CAST({} AS BLOB))", "hex({})"
EXACT = "printf('%!.20g', {})"
CASES = [
    Case("INTEGER", "0", "int64"),
    Case("INTEGER", "-9223372036854775808", "int64"),
    Case("BIGINT", "9223372036854775807", "int64"),
    Case("TINYINT(1)", "1", "int64"),
    Case("UNSIGNED BIG INT", "4294967296", "int64"),
    Case("INT2", "-32768", "int64"),
    Case("REAL", "0.1", "double", EXACT),
    Case("REAL", "-1.5e-300", "double", EXACT),
    Case("DOUBLE PRECISION", "12345678901234567000", "double", EXACT),
    Case("FLOAT", "3", "double", EXACT),
    Case("NUMERIC", "9007199254740992", "double", EXACT),
    Case("DECIMAL(10, 2)", "1.25", "double", EXACT),
    Case("BOOLEAN", "TRUE", "bool"),
    Case("BOOLEAN", "0", "bool"),
    Case("TEXT", "''", "string", TEXT),
    Case("TEXT", "'it''s; -- \"quoted\" %s :a'", "string", TEXT),
    Case("VARCHAR(3)", "'longer than three'", "string", TEXT),
    Case("CHARACTER(20)", "'ø \U0001d11e \U0010ffff'", "string", TEXT),
    Case("CLOB", "'a' || char(0, 10, 13) || 'b'", "string", TEXT),
    Case("NVARCHAR(9)", "'e' || char(769) || char(8238)", "string", TEXT),
    Case("DATE", "'0000-00-00'", "string", TEXT),
    Case("DATETIME", "'2024-02-29 23:59:59.999999'", "string", TEXT),
    Case("TIMESTAMP", "datetime(0, 'unixepoch')", "string", TEXT),
    Case("TIME", "'838:59:59'", "string", TEXT),
    Case("BLOB", "x'00ff80'", "binary", BYTES),
    Case("BLOB", "x''", "binary", BYTES),
    Case("LONGBLOB", "randomblob(5000)", "binary", BYTES),
    Case("JSON", '\'{"b": 1, "b": 2}\'', "string", TEXT),
    Case("UUID", "'67e55044-10b1-426f-9247-bb680e5fe0c8'", "string", TEXT),
    Case("", "7", "int64", empty="string"),
    Case("", "7.5", "double", EXACT, empty="string"),
    Case("", "'7'", "string", TEXT),
    Case("", "x'37'", "binary", BYTES, empty="string"),
]
REFUSED = [
    Refused("INTEGER", "'two'", "CAST({} AS TEXT)"),
    Refused("INTEGER", "1.5", "CAST({} AS TEXT)"),
    Refused("REAL", "'1,5'", "CAST({} AS TEXT)"),
    Refused("TEXT", "x'ff'", "CAST({} AS BLOB)", told="CAST({} AS TEXT)"),
    Refused("TEXT", "CAST(x'ff' AS TEXT)", "CAST({} AS BLOB)"),
    Refused("BLOB", "'text'", "CAST({} AS BLOB)", told="CAST({} AS TEXT)"),
    Refused("BOOLEAN", "2", "CAST({} AS INTEGER)", told="CAST({} AS TEXT)"),
    Refused("DATE", "19782", "CAST({} AS TEXT)"),
    Refused("DECIMAL(20, 0)", "9007199254740993", "CAST({} AS TEXT)", told="to text"),
]
FILL = """
CREATE TABLE wide
(id INTEGER, number BIGINT, share REAL, text TEXT, bytes BLOB, flag BOOL);
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n LIMIT 5000)
INSERT INTO wide SELECT n, CASE WHEN n % 3 THEN 9223372036854775807 - n END,
CASE WHEN n % 5 THEN n / 7.0 END, CASE WHEN n % 7 THEN 'ø' || char(119070) || n END,
CASE WHEN n % 11 THEN randomblob(n % 50) END, CASE WHEN n % 2 THEN n % 4 = 1 END FROM n;
"""


@dataclass(frozen=True)
class File:
    """A database, and SQLite itself to ask."""

    path: Path

    @property
    def credentials(self) -> dict[str, str]:
        return {"path": str(self.path)}

    def said(self, queries: Sequence[str]) -> list[str]:
        with closing(sqlite3.connect(self.path)) as connection:
            return [connection.execute(query).fetchone()[0] for query in queries]


@pytest.mark.moves("source/sqlite", "destination/local")
class TestSQLite(DialectContract):
    names: ClassVar[Mapping[str, str]] = {"sqlite": "SQLite"}
    cases = CASES
    refused = REFUSED

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("\n".join([FILL, *cls.script()]))
        return File(path)

    def truth(self, database: File) -> list[Any]:
        with closing(sqlite3.connect(database.path)) as connection:
            return connection.execute(WIDE).fetchall()

    @pytest.fixture
    def bad(self, database: File, tmp_path: Path) -> Iterator[Mapping[str, Bad]]:
        missing, other = tmp_path / "missing.sqlite", tmp_path / "other.sqlite"
        other.write_text("no database " * 200, "utf-8")
        locked = tmp_path / "locked.sqlite"
        with closing(sqlite3.connect(locked)) as writer:
            writer.execute("CREATE TABLE wide (gone INTEGER)")
            writer.execute("BEGIN EXCLUSIVE")
            yield {
                "missing": Bad({"path": str(missing)}, "FatalError", str(missing)),
                "other": Bad({"path": str(other)}, "FatalError", str(other)),
                "locked": Bad(
                    {"path": str(locked)},
                    "SourceUnavailableError",
                    str(locked),
                    settings={"LOCK_SECONDS": 0.5},
                ),
                "column": Bad(
                    database.credentials, "QueryRejectedError", str(database.path)
                ),
            }
        assert not missing.exists()

    def test_mixed_values_of_an_undeclared_column_are_refused_wherever_they_stand(
        self, first: Project, database: File
    ) -> None:
        late = "SELECT CASE WHEN id < 4999 THEN id ELSE 'last' END AS odd FROM wide"
        came = first.read(database.credentials, {"late": late})["late"]
        assert came["error"] == "UnsupportedTypeError"
        assert "'odd'" in came["message"]
        assert "integer and text" in came["message"]
