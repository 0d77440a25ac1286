"""Read from DuckDB."""

from collections.abc import Generator, Iterator
import contextlib
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..addresses import LocalPath
from ..connector import Credentials, first_line
from ..exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from ..extras import Lazy
from ..source import batch_limit
from .database import Database
from .notations.duckdb import NOTATION

duckdb = Lazy("duckdb")

VECTOR_ROWS = 2048  # as many as the engine processes at once
SETTINGS = "SET TimeZone = 'UTC'; SET enable_external_access = false"

# Types that Arrow holds exactly. HUGEINT is a decimal of 38 digits.
EXACT = {
    "BIGINT",
    "BLOB",
    "BOOLEAN",
    "DATE",
    "DECIMAL",
    "DOUBLE",
    "ENUM",
    "FLOAT",
    "HUGEINT",
    "INTEGER",
    "JSON",
    "SMALLINT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP_S",
    "TINYINT",
    "UBIGINT",
    "UINTEGER",
    "USMALLINT",
    "UTINYINT",
    "UUID",
    "VARCHAR",
}
NESTED = re.compile(r"[\[\]]|STRUCT|MAP|UNION")
INFINITE_DAYS, INFINITE_TIME = 2**31 - 1, 2**63 - 1  # and their negatives

# The beginning of a message -> the error, and the next step; the first match counts.
ERRORS: list[tuple[str, type[ConnectorError], str]] = [
    ("INTERRUPT", SourceUnavailableError, "try again, or raise query_timeout."),
    ("IO Error: .*lock", SourceUnavailableError, "try again when nobody writes."),
    ("Out of Memory", SourceUnavailableError, "try again with more memory."),
    ("Permission", CredentialError, "ask for the right to read."),
    ("IO Error", FatalError, "check the path, and that the file is a database."),
    ("", QueryRejectedError, "correct the query."),
]


class DuckDBCredentials(Credentials):
    """The path of a DuckDB database."""

    path: LocalPath


class DuckDB(Database):
    """A DuckDB database: a file, opened read-only.

    The engine itself returns Arrow. A type that isn't one of `EXACT`, or a value that
    means something else in Arrow, stops the run and names the column: infinite dates,
    24:00, and integers of 39 digits. An ENUM is text.
    """

    credentials_model = DuckDBCredentials
    credentials: DuckDBCredentials
    notation = NOTATION
    title = "DuckDB"

    @property
    def address(self) -> str:
        """The file's path, for messages."""
        return f"{self.credentials.path} ({self.place})"

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of at most `batch_bytes`, or one row.

        As `Source.to_batches`. The query is one statement, and can read no other file.
        Memory: one vector of the engine (2,048 rows), or a few batches if those are
        larger, and what the engine needs for the query.

        Raises:
            SourceUnavailableError: Another process writes to the file, or there was no
                answer within `query_timeout`; a retry may help.
            FatalError: There is no such file, or it is not a database.
            QueryRejectedError: The engine refused the query.
            UnsupportedTypeError: A value has no exact counterpart; names the column.
        """
        try:
            connection = self._connect()
            yield from self.ahead(
                self._read(connection, query, batch_bytes), connection.interrupt
            )
        # Arrow's reader raises the engine's errors as its own.
        except (duckdb.Error, pa.ArrowException, OSError) as err:
            raise self.explain(err, connected=True) from err

    def _connect(self) -> Any:
        connection = duckdb.connect(self.credentials.path, read_only=True)
        connection.execute(SETTINGS)
        return connection

    def _read(
        self, connection: Any, query: str, batch_bytes: int | None
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the result of a query, and close the connection."""
        with contextlib.closing(connection):
            yield from self._batches(connection, query, batch_bytes)

    def _batches(
        self, connection: Any, query: str, batch_bytes: int | None
    ) -> Iterator[pa.RecordBatch]:
        if len(connection.extract_statements(query)) != 1:
            raise QueryRejectedError(
                "The query is not exactly one statement.",
                self.address,
                "give one query.",
            )
        result = connection.execute(query)
        described = result.description or ()
        self.check_names([name for name, *_ in described])
        types = {name: str(kind) for name, kind, *_ in described}
        for name, kind in types.items():
            if kind.partition("(")[0] not in EXACT or NESTED.search(_outer(kind)):
                raise self._inexact(name, f"is of the type {kind}", kind)
        reader = result.to_arrow_reader(VECTOR_ROWS)
        schema = pa.schema([_without_dictionary(field) for field in reader.schema])
        limit = batch_limit(batch_bytes, len(types))
        has_rows = False
        for batch in reader:
            self._check(batch, types)
            columns = [
                column.cast(kind)
                for column, kind in zip(batch.columns, schema.types, strict=True)
            ]
            exact = pa.RecordBatch.from_arrays(columns, schema=schema)
            rows = max(1, limit * exact.num_rows // max(1, exact.nbytes))
            for start in range(0, exact.num_rows, rows):
                has_rows = True
                yield exact.slice(start, rows)
        if not has_rows:
            yield pa.RecordBatch.from_pylist([], schema=schema)

    def _check(self, batch: pa.RecordBatch, types: dict[str, str]) -> None:
        """Raise if a value means something else in Arrow."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                column.validate(full=True)
            except pa.ArrowInvalid as err:
                kind = types[name]
                raise self._inexact(name, f"has no {kind} of Arrow", kind) from err
            infinite = _infinite(column)
            if infinite is not None and pc.any(infinite).as_py():
                raise self._inexact(name, "holds infinity", types[name])

    def _inexact(self, name: str, problem: str, kind: str) -> UnsupportedTypeError:
        cast = "to_json({})" if NESTED.search(_outer(kind)) else None
        problem = f"{problem}, which Arrow doesn't hold exactly"
        return self.unsupported(name, problem, cast)

    def explain(
        self,
        error: BaseException,
        *,
        connected: bool,  # noqa: ARG002 - the text is more exact
    ) -> ConnectorError:
        """Return the connector's error for an error of DuckDB."""
        said = first_line(error)
        kind, next_step = next(
            (kind, next_step)
            for pattern, kind, next_step in ERRORS
            if re.match(pattern, said)
        )
        return kind(f"{self.title} said: {said}.", self.address, next_step)


def _outer(kind: str) -> str:
    """Return a type, except the values of an ENUM, which may contain anything."""
    return "" if kind.startswith("ENUM(") and kind.endswith(")") else kind


def _without_dictionary(field: pa.Field) -> pa.Field:
    """Return a field of text for one of a dictionary, which is an ENUM."""
    return field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field


def _infinite(column: pa.Array) -> pa.Array | None:
    """Return which dates or timestamps are infinite; None for another type."""
    if pa.types.is_date32(column.type):
        return pc.equal(pc.abs_checked(column.view(pa.int32())), INFINITE_DAYS)
    if pa.types.is_timestamp(column.type):
        return pc.equal(pc.abs_checked(column.view(pa.int64())), INFINITE_TIME)
    return None
