"""Read from SQLite."""

import re
import sqlite3
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy import URL

from ..addresses import LocalPath
from ..connector import Credentials, first_line
from ..exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from .notations.sqlite import NOTATION
from .source import SQL

LOCK_SECONDS = 10

# A part of a column's declared type -> the column's type; the first match counts. The
# first four are SQLite's own rules; it has none for the others.
# https://www.sqlite.org/datatype3.html#determination_of_column_affinity
DECLARED: list[tuple[str, pa.DataType]] = [
    ("INT", pa.int64()),
    ("CHAR|CLOB|TEXT", pa.string()),
    ("BLOB", pa.binary()),
    ("REAL|FLOA|DOUB", pa.float64()),
    ("BOOL", pa.bool_()),
    ("DATE|TIME", pa.string()),
    ("DEC|NUM", pa.float64()),
]
# Storage class -> the type of a column of such values.
CLASSES: dict[str, pa.DataType] = {
    "blob": pa.binary(),
    "integer": pa.int64(),
    "real": pa.float64(),
    "text": pa.string(),
}
# The column's type -> the Python types of its values.
HELD: dict[pa.DataType, set[type]] = {
    pa.binary(): {bytes},
    pa.bool_(): {int},
    pa.float64(): {float, int},
    pa.int64(): {int},
    pa.string(): {str},
}

# Primary result code -> the error, and the next step.
# https://www.sqlite.org/rescode.html
ERRORS_BY_CODE: dict[int, tuple[type[ConnectorError], str]] = {
    3: (CredentialError, "ask for the right to read the file."),
    5: (SourceUnavailableError, "try again when nobody writes."),
    6: (SourceUnavailableError, "try again when nobody writes."),
    9: (SourceUnavailableError, "try again, or raise query_timeout."),
    10: (SourceUnavailableError, "try again, and check the disk."),
    11: (FatalError, "restore the file: it is damaged."),
    14: (FatalError, "check the path, and the right to read the file."),
    23: (CredentialError, "ask for the right to read the file."),
    26: (FatalError, "check the path: this file is not a database."),
}
REJECTED: tuple[type[ConnectorError], str] = (QueryRejectedError, "correct the query.")
NO_TEXT = re.compile("Could not decode to UTF-8 column '(.*?)' with text")


class SQLiteCredentials(Credentials):
    """The path of a SQLite database."""

    path: LocalPath


class SQLite(SQL):
    """A SQLite database: a file, opened read-only.

    A column's type follows from its declared type (`DECLARED`), and an expression's
    from its CAST. Any other column must have values of one storage class. SQLite is
    asked for it before the first row is read, so the query runs twice. Dates and times
    are the stored texts. A value of another storage class than its column's is refused.
    """

    credentials_model = SQLiteCredentials
    credentials: SQLiteCredentials
    notation = NOTATION
    title = "SQLite"
    as_text = "CAST({} AS TEXT)"

    @property
    def url(self) -> URL:
        """The file's address, which neither creates nor changes it."""
        return URL.create(
            "sqlite",
            database=f"file:{quote(str(self.credentials.path))}",
            query={"mode": "ro", "uri": "true"},
        )

    @property
    def address(self) -> str:
        """The file's path, for messages."""
        return f"{self.credentials.path} ({self.place})"

    def engine_options(self) -> dict[str, Any]:
        """Return the time to wait for a lock."""
        return {"connect_args": {"check_same_thread": False, "timeout": LOCK_SECONDS}}

    def cut(self, connection: Any) -> None:
        """Stop the query."""
        connection.interrupt()

    def column_types(self, cursor: Any, query: str) -> list[pa.DataType | None]:
        """Return the Arrow type of each column.

        Args:
            cursor: The driver's cursor.
            query: A SELECT or VALUES, or WITH before one of them.

        Raises:
            QueryRejectedError: The query is another statement.
            UnsupportedTypeError: A column without a declared type has values of two
                storage classes; names it.
        """
        try:
            return self._types(cursor.connection.cursor(), query)
        except sqlite3.Error as err:
            raise self.explain(err, connected=True) from err

    def _types(self, asking: Any, query: str) -> list[pa.DataType | None]:
        text = self.notation.statement(query).strip()
        asking.execute(f"CREATE TEMP VIEW described AS {text}\n")
        # The table has the type of a CAST, the view hasn't.
        asking.execute("CREATE TEMP TABLE cast_as AS SELECT * FROM described LIMIT 0")
        names, declared = _columns(asking, "described")
        _, casts = _columns(asking, "cast_as")
        types = [
            _declared_type(own or cast)
            for own, cast in zip(declared, casts, strict=True)
        ]
        unknown = [n for n, kind in zip(names, types, strict=True) if kind is None]
        found = self._scanned(asking, unknown)
        return [kind or found[n] for n, kind in zip(names, types, strict=True)]

    def _scanned(self, asking: Any, names: list[str]) -> dict[str, pa.DataType]:
        """Return the type of each column by its values; text if it has none."""
        if not names:
            return {}
        quoted = map(self.notation.quoted, names)
        classes = [f"group_concat(DISTINCT typeof({name}))" for name in quoted]
        asking.execute(f"SELECT {', '.join(classes)} FROM described")  # noqa: S608
        types = {}
        for name, found in zip(names, asking.fetchone(), strict=True):
            classes = sorted(set((found or "null").split(",")) - {"null"})
            if len(classes) > 1:
                raise self.unsupported(
                    name, f"holds values of the storage classes {' and '.join(classes)}"
                )
            types[name] = CLASSES[classes[0]] if classes else pa.string()
        return types

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, as the driver returned them.

        Raises:
            UnsupportedTypeError: A value isn't of the column's type; names the column.
        """
        fits = set(map(type, values)) <= HELD[kind] | {type(None)}
        if fits and kind == pa.bool_():
            fits = set(values) <= {0, 1, None}
            values = [value if value is None else bool(value) for value in values]
        if not fits:
            problem = f"of the type {kind} holds a value of another type"
            raise self.unsupported(name, problem)
        return super().to_array(name, kind, values)

    def explain(
        self,
        error: BaseException,
        *,
        connected: bool,  # noqa: ARG002 - the code is more exact
    ) -> ConnectorError:
        """Return the connector's error for an error of SQLite."""
        if no_text := NO_TEXT.match(str(error)):
            return self.unsupported(
                no_text[1], "holds a text that isn't UTF-8", "CAST({} AS BLOB)"
            )
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind, next_step = ERRORS_BY_CODE.get(code, REJECTED)
        return kind(f"{self.title} said: {first_line(error)}.", self.address, next_step)


def _columns(asking: Any, table: str) -> tuple[list[str], list[str]]:
    """Return the names of a temporary table's columns, and their declared types."""
    asking.execute(f"PRAGMA temp.table_xinfo({table})")
    rows = asking.fetchall()
    return [row[1] for row in rows], [row[2].upper() for row in rows]


def _declared_type(declared: str) -> pa.DataType | None:
    return next((kind for part, kind in DECLARED if re.search(part, declared)), None)
