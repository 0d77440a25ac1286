"""Read from PostgreSQL."""

from collections.abc import Callable, Iterator
import contextlib
from functools import partial
from typing import Any

import pyarrow as pa
from sqlalchemy import URL

from ..checksums import LONG_BYTES, Checksums, ColumnSum, as_sum, check_types
from ..config import NAME
from ..exceptions import (
    ConnectorError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
    VerificationError,
)
from ..libpq import (
    LOCK_SECONDS,
    DatabaseCredentials,
    Errors,
    connect_seconds,
    options,
    stop,
)
from ..source import Reading, batch_limit
from ..waiting import OverdueError, read_ahead, wait_for
from .copy_binary import HEADER_BYTES, Column, decode, schema_of
from .notations.postgresql import NOTATION
from .source import SQL

OBJECT_BYTES = 41  # Python's own bytes for the object of a row
# So that reading goes on while a row group is written.
BATCHES_AHEAD = 8
BYTES_AHEAD = 16 * 1024 * 1024

DESCRIBE = "SELECT * FROM ({query}) AS result LIMIT 0"
COPY = (
    "COPY (SELECT {selected} FROM ({query}) AS result ({aliases})) "
    "TO STDOUT (FORMAT binary)"
)

# A value's hash is that of the bytes that COPY sends for it. OFFSET 0 is a fence: without
# it, PostgreSQL computes each hash wherever it is named.
CHECKSUMS = (
    "SELECT count(*), {totals}, sum({across}) "
    "FROM (SELECT {hashes} FROM (SELECT {sent} FROM ({query}) AS result ({aliases}) "
    "OFFSET 0) AS sent OFFSET 0) AS hashed"
)
HASH = (
    "CASE WHEN {alias} IS NOT NULL THEN "
    "hash_record_extended(ROW({hashed}), {seed}) END AS {alias}"
)
SHORTENED = (
    "CASE WHEN octet_length({alias}) > {long} THEN sha256({alias}) ELSE {alias} END"
)

COLUMNS_AT_ONCE = 800  # two sums of each; a result has 1,664 columns at most

# The text that the server casts a value to depends on these.
SESSION = {
    "DateStyle": "ISO",
    "IntervalStyle": "iso_8601",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_transaction_isolation": r"repeatable\ read",
    "default_transaction_read_only": "on",
    "extra_float_digits": "3",  # before PostgreSQL 12, the default has too few digits
    "lock_timeout": f"{LOCK_SECONDS}s",
    "synchronize_seqscans": "off",  # otherwise LIMIT may return other rows each time
}
NOT_UTF8 = "22021"
ERRORS = Errors(
    unavailable=SourceUnavailableError,
    rejected=QueryRejectedError,
    next_for_user="ask for the right to read what the query names.",
    next_for_query="correct the query.",
)


class PostgreSQLCredentials(DatabaseCredentials):
    """The address of a PostgreSQL database, and the user."""


class PostgreSQL(SQL):
    """A PostgreSQL database, read by COPY.

    Sessions are read-only and in UTC, and all their queries see one state of the
    database. `copy_binary.LAYOUTS` maps types to Arrow's. Any other type arrives as the
    text that PostgreSQL writes for it, intervals in ISO 8601.
    """

    credentials_model = PostgreSQLCredentials
    credentials: PostgreSQLCredentials
    notation = NOTATION
    title = "PostgreSQL"
    has_checksums = True

    @property
    def url(self) -> URL:
        """The database's address, with the driver's name. Its `str` hides the password."""
        password = self.credentials.password
        return URL.create(
            "postgresql+psycopg2",
            username=self.credentials.user,
            password=password.get_secret_value() if password else None,
            host=self.credentials.host,
            port=self.credentials.port,
            database=self.credentials.database,
        )

    def engine_options(self) -> dict[str, Any]:
        """Return timeouts, and the settings of a read-only session."""
        settings = {**SESSION, "statement_timeout": f"{self.query_timeout}s"}
        return {"connect_args": options(self.credentials, settings, NAME)}

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `Source.to_batches`. The query is a SELECT, VALUES or TABLE, or WITH before
        one of them; use `bind` for values. Memory: `BYTES_AHEAD` and three batches. If the
        iteration ends early, the server stops the query.

        Raises:
            SourceUnavailableError: No connection, a broken one, or no answer within
                `query_timeout`; a retry may help.
            CredentialError: The database refused the user.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A value has no exact counterpart; names the column.
        """
        with self.snapshot() as snapshot:
            yield from snapshot.to_batches(query, batch_bytes=batch_bytes)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator["Snapshot"]:
        """Connect, and yield a reading whose queries all see one state of the database.

        Raises:
            SourceUnavailableError: No connection; a retry may help.
            CredentialError: The database refused the user.
            FatalError: There is no such database, or no such certificate.
        """
        engine = self.create_engine()
        try:
            connection = self.opened(
                engine.raw_connection, connect_seconds(self.credentials)
            )
        except engine.dialect.loaded_dbapi.Error as err:
            raise self.explain(err, connected=False) from err
        with contextlib.closing(connection):
            yield Snapshot(self, connection.driver_connection)

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for an error of psycopg2."""
        found = ERRORS.explain(error, self.address, connected=connected)
        if getattr(error, "pgcode", None) != NOT_UTF8:
            return found
        return QueryRejectedError(
            found.what,
            found.where,
            "for text without an encoding, select convert_to(<column>, 'SQL_ASCII').",
        )


class Snapshot(Reading):
    """One state of a database, for as long as its connection is open."""

    def __init__(self, source: PostgreSQL, connection: Any) -> None:
        """Take over a connection of psycopg2 that has run no query yet."""
        super().__init__(source)
        self._source = source
        self._connection = connection

    @property
    def id(self) -> str:
        """The transactions that this state has seen: `pg_current_snapshot()`."""
        ((snapshot_id,),) = self._fetch("SELECT pg_current_snapshot()::text")
        return str(snapshot_id)

    def describe(self, query: str) -> list[Column]:
        """Return the columns of a query, without running it.

        Raises:
            QueryRejectedError: The database refused the query, it has no columns, or
                two of the same name.
        """
        columns = [Column.described(column) for column in self._description(query)]
        self._source.check_names([column.name for column in columns])
        return columns

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query`. As `PostgreSQL.to_batches`."""
        columns = self.describe(query)
        limit = batch_limit(batch_bytes, len(columns))
        parts = read_ahead(
            partial(self._copy, query, columns, limit),
            cancel=self._stop,
            seconds=self._source.query_timeout,
            most=max(1, min(BATCHES_AHEAD, BYTES_AHEAD // limit)),
        )
        with self._explained(), contextlib.closing(parts):
            for rows in parts:
                yield decode(rows, columns)

    def checksums(self, query: str) -> Checksums:
        """Return the checksums of the result of `query`, computed by the server.

        Runs the query once more: it must return the same rows, in any order.

        Raises:
            UnsupportedTypeError: A column has no checksum; names it.
            ConnectorError: As in `to_batches`.
        """
        columns = self.describe(query)
        check_types(schema_of(columns))
        rows, across = 0, ""
        sums: dict[str, ColumnSum] = {}
        for start, statement in enumerate(self._checksums_of(query, columns)):
            chosen = columns[start * COLUMNS_AT_ONCE :][:COLUMNS_AT_ONCE]
            ((rows, *found, total),) = self._fetch(statement)
            across = across or as_sum(int(total or 0))
            for column, count, each in zip(
                chosen, found[::2], found[1::2], strict=True
            ):
                sums[column.name] = ColumnSum(rows - count, as_sum(int(each or 0)))
        return Checksums(rows, sums, across)

    def _checksums_of(self, query: str, columns: list[Column]) -> Iterator[str]:
        """Yield a statement for each `COLUMNS_AT_ONCE`; the first sums up rows too."""
        senders = dict(self._fetch("SELECT oid, typsend::text FROM pg_type"))
        oids = [column.type_code for column in self._description(query)]
        aliases = _aliases(columns)
        sent, hashes = [], []
        for seed, (alias, column, oid) in enumerate(
            zip(aliases, columns, oids, strict=True), start=1
        ):
            sent.append(f"{_sent(column, alias, senders[oid])} AS {alias}")
            any_length = column.layout.sent_as is None
            hashed = (SHORTENED if any_length else "{alias}").format(
                alias=alias, long=LONG_BYTES
            )
            hashes.append(HASH.format(alias=alias, hashed=hashed, seed=seed))
        everything = " # ".join(f"coalesce({alias}, 0)" for alias in aliases)
        for start in range(0, len(columns), COLUMNS_AT_ONCE):
            chosen = slice(start, start + COLUMNS_AT_ONCE)
            needed = chosen if start else slice(None)
            yield CHECKSUMS.format(
                totals=", ".join(f"count({c}), sum({c})" for c in aliases[chosen]),
                across="0" if start else everything,
                hashes=", ".join(hashes[needed]),
                sent=", ".join(sent[needed]),
                query=as_subquery(query),
                aliases=", ".join(aliases),
            )

    def _description(self, query: str) -> Any:
        description, _ = self._run(DESCRIBE.format(query=as_subquery(query)))
        return description

    def _fetch(self, statement: str) -> list[tuple[Any, ...]]:
        _, rows = self._run(statement)
        return rows

    def _run(self, statement: str) -> tuple[Any, list[tuple[Any, ...]]]:
        """Return the description of a result, and its rows."""

        def run() -> tuple[Any, list[tuple[Any, ...]]]:
            with self._connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.description, cursor.fetchall()

        with self._explained():
            return wait_for(run, seconds=self._source.query_timeout, cancel=self._stop)

    def _copy(
        self,
        query: str,
        columns: list[Column],
        batch_bytes: int,
        put: Callable[[list[bytes]], None],
    ) -> None:
        """Run the query, and put its rows in parts: at least one."""
        aliases = _aliases(columns)
        statement = COPY.format(
            selected=", ".join(
                f"{alias}::text" if column.cast else alias
                for alias, column in zip(aliases, columns, strict=True)
            ),
            query=as_subquery(query),
            aliases=", ".join(aliases),
        )
        receiver = Receiver(batch_bytes, put)
        with self._connection.cursor() as cursor:
            cursor.copy_expert(statement, receiver)
            sent = cursor.rowcount
        receiver.end()
        if receiver.count != sent:
            raise VerificationError(
                f"PostgreSQL sent {sent} rows, and {receiver.count} arrived.",
                self._source.address,
                "this is a bug; please report it.",
            )

    def _stop(self) -> None:
        stop(self._connection, self._source.create_engine().raw_connection)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Replace the driver's errors by the connector's; each names the database."""
        try:
            yield
        except UnsupportedTypeError as err:
            where = f"{err.where}, {self._source.address}"
            raise UnsupportedTypeError(err.what, where, err.next_step) from err
        except self._connection.Error as err:
            raise self._source.explain(err, connected=True) from err
        except OverdueError as err:
            raise self._source.took_too_long() from err


class Receiver:
    """The file that COPY writes its rows to, one by one."""

    def __init__(self, batch_bytes: int, put: Callable[[list[bytes]], None]) -> None:
        """Begin a stream that is put in parts of about `batch_bytes` in memory."""
        self._batch_bytes = batch_bytes
        self._put = put
        self._rows: list[bytes] = []
        self._bytes = 0
        self._has_begun = False
        self.count = 0

    def write(self, row: bytes) -> None:
        """Take a row as it was sent: the first after the header, at last the trailer."""
        if not self._has_begun:
            self._has_begun = True
            row = row[HEADER_BYTES:]
            if not row:
                return
        if self._bytes >= self._batch_bytes:
            self._flush()
        self._rows.append(row)
        self._bytes += len(row) + OBJECT_BYTES

    def end(self) -> None:
        """Put the remaining rows; an empty part if there was no row."""
        self._rows.pop()  # the trailer
        if self._rows or not self.count:
            self._flush()

    def _flush(self) -> None:
        self._put(self._rows)
        self.count += len(self._rows)
        self._rows = []
        self._bytes = 0


def _aliases(columns: list[Column]) -> list[str]:
    """Return names that need no quotes."""
    return [f"c{number}" for number in range(len(columns))]


def _sent(column: Column, alias: str, sender: str) -> str:
    """Return the SQL of the bytes that a checksum is made of."""
    kind = column.layout.arrow
    if pa.types.is_decimal(kind):  # without its point: 1.10 is 110
        return f"textsend(trunc({alias} * 1e{kind.scale})::text)"
    return f"textsend({alias}::text)" if column.cast else f"{sender}({alias})"


def as_subquery(query: str) -> str:
    """Return a query that can be put in parentheses, even with a comment at its end."""
    return f"{NOTATION.statement(query).strip()}\n"
