"""Read from a database with SQLAlchemy, through a cursor on the server."""

from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ..connector import CONNECT_SECONDS, first_line
from ..exceptions import ConnectorError, QueryRejectedError, SourceUnavailableError
from ..source import FIRST_ROWS
from .database import Database


class SQL(Database):
    """A database that SQLAlchemy connects to. A subclass gives at least its address."""

    @property
    @abstractmethod
    def url(self) -> URL:
        """The database's address. Its `str` hides the password."""

    @property
    def connect_seconds(self) -> float:
        """How long connecting may take."""
        return CONNECT_SECONDS

    @property
    def address(self) -> str:
        """The host, port and database, for messages."""
        host = f"{self.url.host}:{self.url.port}/" if self.url.host else ""
        return f"{host}{self.url.database} ({self.place})"

    def create_engine(self) -> Engine:
        """Return a new engine, which keeps no connections."""
        return create_engine(
            self.url,
            hide_parameters=True,
            poolclass=NullPool,
            pool_reset_on_return=None,  # a closed connection needs no rollback
            **self.engine_options(),
        )

    def engine_options(self) -> dict[str, Any]:
        """Return further options of the engine, such as timeouts."""
        return {}

    def column_types(
        self,
        cursor: Any,
        query: str,  # noqa: ARG002 - for cursors that have no types
    ) -> list[pa.DataType | None]:
        """Return the Arrow type of each column, or None to take it from the values.

        Args:
            cursor: The driver's cursor. It has run the query and fetched no row.
            query: The query.
        """
        return [None] * len(cursor.description)

    def abandon(self, connection: Connection, cursor: Any) -> None:
        """Leave the rest of a result unread. The connection is closed next."""

    def cut(self, connection: Any) -> None:
        """Make whoever waits for the server stop soon, if the driver can.

        Args:
            connection: The driver's.
        """

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for a driver's error. As `Database.explain`."""
        kind = QueryRejectedError if connected else SourceUnavailableError
        return kind(
            f"{self.title} said: {first_line(error)}.",
            self.address,
            "correct the query." if connected else "check that the database runs.",
        )

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `Source.to_batches`, but the size of a batch is estimated from the rows of
        the previous one. The query runs unchanged: neither `%` nor `:name` has a
        meaning in it. Use `bind` for values.

        Raises:
            SourceUnavailableError: No connection, a broken one, or no answer within
                `query_timeout`; a retry may help.
            CredentialError: The database refused the user.
            FatalError: There is no such database.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A value has no exact counterpart; names the column.
        """
        options = {
            "max_row_buffer": FIRST_ROWS,
            "no_parameters": True,
            "stream_results": True,
        }
        engine = self.create_engine()
        try:
            with self.explained():
                connection = self.opened(engine.connect, self.connect_seconds)
        except DBAPIError as err:
            raise self.explain(err.orig or err, connected=False) from err
        driver = connection.connection.driver_connection
        connection = connection.execution_options(**options)
        yield from self.ahead(
            self._read(connection, query, batch_bytes), partial(self.cut, driver)
        )

    def _read(
        self, connection: Connection, query: str, batch_bytes: int | None
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the result of `query`, and close the connection."""
        try:
            with self.explained(), connection:
                statement = self.notation.statement(query)
                result = connection.exec_driver_sql(statement)
                cursor = result.cursor
                names = list(result.keys()) if cursor else []
                try:
                    first = self.first_batch(
                        result, self.check_names(names), query, batch_bytes
                    )
                    yield from self.batches(
                        first, partial(self._fetch, result), batch_bytes
                    )
                finally:
                    if cursor:
                        self.abandon(connection, cursor)
        except DBAPIError as err:
            connected = not err.connection_invalidated
            raise self.explain(err.orig or err, connected=connected) from err

    def _fetch(self, result: CursorResult[Any], count: int) -> Sequence[Any]:
        """Return the next rows, at most `count`; none at the end.

        Raises:
            ConnectorError: As in `explain`.
        """
        # The driver's own rows are cheaper than SQLAlchemy's, which holds none back.
        cursor, connection = result.cursor, result.connection
        if cursor is None:  # SQLAlchemy closes it after the last row
            return []
        dialect = connection.dialect
        try:
            rows: Sequence[Any] = cursor.fetchmany(count)
        except dialect.loaded_dbapi.Error as err:
            lost = dialect.is_disconnect(err, connection.connection, cursor)
            raise self.explain(err, connected=not lost) from err
        return rows

    def first_batch(
        self,
        result: CursorResult[Any],
        names: list[str],
        query: str,
        batch_bytes: int | None,  # noqa: ARG002 - for sources that look further ahead
    ) -> pa.RecordBatch:
        """Return the first rows as a batch, which fixes the types of all columns.

        Args:
            result: Of the query; no row was fetched yet.
            names: The columns' names.
            query: The query.
            batch_bytes: How long the batch may be.

        Raises:
            UnsupportedTypeError: A column has no exact counterpart; names it.
        """
        types = self.column_types(result.cursor, query)
        return self.to_batch(names, types, result.fetchmany(FIRST_ROWS))

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, as the driver returned them.

        Args:
            name: The column's name.
            kind: Its type; None to take it from the values.
            values: As the driver returned them.

        Raises:
            UnsupportedTypeError: The type can't hold one exactly; names the column.
        """
        try:
            return pa.array(values, type=kind)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as err:
            held = f"the type {kind}" if kind else "the type of its other values"
            raise self.unsupported(
                name, f"holds a value that {held} can't hold exactly"
            ) from err
