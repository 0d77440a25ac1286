"""SQLite: values of each declared type, compared with the texts of SQLite itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from runtime.exceptions import UnsupportedTypeError
from runtime.sql.sqlite import SQLite

from tests.runtime.sql.type_contract import Case, Refused, TypeContract

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
    Case("DOUBLE", "9e999", "double", EXACT),
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
    Refused("DECIMAL(20, 0)", "9007199254740993", "CAST({} AS TEXT)"),
]


class File:
    """A database, and SQLite itself to ask."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = SQLite(credentials={"path": path})

    def said(self, query: str) -> str:
        with closing(sqlite3.connect(self.path)) as connection:
            return str(connection.execute(query).fetchone()[0])


class TestSQLite(TypeContract):
    cases = CASES
    refused = REFUSED
    quoted = "`value`"

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls, tmp_path_factory: pytest.TempPathFactory) -> File:
        path = tmp_path_factory.mktemp("database") / "shop.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(cls.script())
        return File(path)

    def test_mixed_values_of_an_expression_are_refused_in_any_row(
        self, database: File
    ) -> None:
        late = (
            "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT "
            "5000) SELECT CASE WHEN id < 5000 THEN id ELSE 'it' END AS odd FROM n"
        )
        with pytest.raises(UnsupportedTypeError, match=r"'odd'.*integer and text"):
            database.source.to_arrow(late)
