"""Read from DuckDB."""

from collections.abc import Iterator, Mapping
import contextlib
from pathlib import Path
import re
import threading
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.queries import NOTATIONS, QueryWriter
from acme.sources.base import (
    BATCH_BYTES,
    Credentials,
    Source,
    first_line,
)

with contextlib.suppress(ImportError):
    import duckdb

VECTOR_ROWS = 2048  # as many as the engine works on at once
SETTINGS = "SET TimeZone = 'UTC'; SET enable_external_access = false"

# What Arrow holds as it is. HUGEINT is a decimal of 38 digits.
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

# What the engine begins with -> what it means for the caller; the first one counts.
ERRORS: list[tuple[str, type[ConnectorError], str]] = [
    ("INTERRUPT", SourceUnavailableError, "try again, or raise query_timeout."),
    ("IO Error: .*lock", SourceUnavailableError, "try again when nobody writes."),
    ("Out of Memory", SourceUnavailableError, "try again with more memory."),
    ("Permission", CredentialError, "ask for the right to read."),
    ("IO Error", FatalError, "check the path, and that the file is a database."),
    ("", QueryRejectedError, "correct the query."),
]


class DuckDBCredentials(Credentials):
    """Where the DuckDB database is."""

    path: Path


class DuckDB(QueryWriter, Source):
    """A DuckDB database: a file, opened to be read only.

    The engine gives Arrow itself. A type that isn't one of `EXACT`, and a value that
    means something else in Arrow, stop the run by the column's name: infinite dates,
    24:00, and integers of 39 digits. An ENUM is text.
    """

    credentials_model = DuckDBCredentials
    credentials: DuckDBCredentials
    notation = NOTATIONS["duckdb"]
    requires = ("duckdb", "duckdb")

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        query_timeout: float = 60 * 60,
    ) -> None:
        """Validate the credentials; open nothing.

        Args:
            config_key: The key in the configuration that holds the credentials.
            credentials: The fields of `credentials_model`.
            query_timeout: Seconds after which a query is given up.

        Raises:
            MissingExtraError: As in `Connector`.
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`.
        """
        super().__init__(config_key=config_key, credentials=credentials)
        self.query_timeout = query_timeout

    @property
    def address(self) -> str:
        """The file's path, for messages."""
        return f"{self.credentials.path} ({self.place})"

    def to_batches(
        self, query: str, *, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of `batch_bytes` at most, or a row.

        As `Source.to_batches`. The query is one statement, and reads no other file.
        Memory: a vector of the engine, which has 2,048 rows, or a few batches where
        those are longer, and what the engine needs for the query.

        Raises:
            SourceUnavailableError: Somebody writes to the file, or there was no answer
                within `query_timeout`; a retry may help.
            FatalError: There is no such file, or it is no database.
            QueryRejectedError: The engine refused the query.
            UnsupportedTypeError: A column can't be had exactly; names it.
        """
        try:
            with contextlib.closing(self._connect()) as connection:
                deadline = threading.Timer(self.query_timeout, connection.interrupt)
                deadline.daemon = True
                deadline.start()
                try:
                    yield from self._read(connection, query, batch_bytes)
                finally:
                    deadline.cancel()
        # Arrow's reader hands on the engine's errors as its own.
        except (duckdb.Error, pa.ArrowException, OSError) as err:
            raise self.explain(err) from err

    def _connect(self) -> Any:
        path = self.credentials.path
        connection = duckdb.connect(path, read_only=True)
        connection.execute(SETTINGS)
        return connection

    def _read(
        self, connection: Any, query: str, batch_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        if len(connection.extract_statements(query)) != 1:
            raise QueryRejectedError(
                "There is not one statement.", self.address, "give one query."
            )
        result = connection.execute(query)
        described = {name: str(kind) for name, kind, *_ in result.description or ()}
        if len(described) < len(result.description or ()):
            raise QueryRejectedError(
                "The query gives two columns of one name.",
                self.address,
                "rename one of them with AS.",
            )
        for name, kind in described.items():
            if kind.partition("(")[0] not in EXACT or NESTED.search(_outer(kind)):
                raise self._unsupported(name, f"is of the type {kind}", kind)
        reader = result.to_arrow_reader(VECTOR_ROWS)
        schema = pa.schema([_field(field) for field in reader.schema])
        has_rows = False
        for batch in reader:
            self._check(batch, described)
            columns = [
                column.cast(kind)
                for column, kind in zip(batch.columns, schema.types, strict=True)
            ]
            exact = pa.RecordBatch.from_arrays(columns, schema=schema)
            rows = max(1, batch_bytes * exact.num_rows // max(1, exact.nbytes))
            for start in range(0, exact.num_rows, rows):
                has_rows = True
                yield exact.slice(start, rows)
        if not has_rows:
            yield pa.RecordBatch.from_pylist([], schema=schema)

    def _check(self, batch: pa.RecordBatch, described: dict[str, str]) -> None:
        """Make sure that each value means the same in Arrow."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                column.validate(full=True)
            except pa.ArrowInvalid as err:
                kind = described[name]
                raise self._unsupported(name, f"has no {kind} of Arrow", kind) from err
            infinite = _infinite(column)
            if infinite is not None and pc.any(infinite).as_py():
                raise self._unsupported(name, "holds infinity", described[name])

    def _unsupported(self, name: str, problem: str, kind: str) -> UnsupportedTypeError:
        doubled = name.replace('"', '""')
        cast = "to_json({})" if NESTED.search(_outer(kind)) else "CAST({} AS VARCHAR)"
        quoted = f'"{doubled}"'
        return UnsupportedTypeError(
            f"The column '{name}' {problem}, which Arrow doesn't hold exactly.",
            self.address,
            f"write {cast.format(quoted)} in the query.",
        )

    def explain(self, error: BaseException) -> ConnectorError:
        """Return what an error of DuckDB means for the caller."""
        said = first_line(error)
        kind, next_step = next(
            (kind, next_step)
            for pattern, kind, next_step in ERRORS
            if re.match(pattern, said)
        )
        return kind(f"DuckDB said: {said}.", self.address, next_step)


def _outer(kind: str) -> str:
    """Return a type without the values of an ENUM, which may be called anything."""
    return "" if kind.startswith("ENUM(") and kind.endswith(")") else kind


def _field(field: pa.Field) -> pa.Field:
    """Return a column of text in the place of one with a dictionary."""
    return field.with_type(pa.string()) if _is_enum(field.type) else field


def _is_enum(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind))


def _infinite(column: pa.Array) -> pa.Array | None:
    """Return which values of dates or timestamps are infinite."""
    if pa.types.is_date32(column.type):
        return pc.equal(pc.abs_checked(column.view(pa.int32())), INFINITE_DAYS)
    if pa.types.is_timestamp(column.type):
        return pc.equal(pc.abs_checked(column.view(pa.int64())), INFINITE_TIME)
    return None
