"""Write tables of PostgreSQL."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import contextlib
from functools import partial
import io
from typing import Any

import pyarrow as pa

from ..destination import Check, Written, begin
from ..exceptions import DestinationRejectedError, DestinationUnavailableError
from ..extras import Lazy
from ..libpq import (
    LOCK_SECONDS,
    DatabaseCredentials,
    Errors,
    connect_seconds,
    options,
    stop,
)
from ..source import BATCH_BYTES
from ..sql import copy_binary
from ..waiting import OverdueError, wait_for
from .copy_in import NAME_BYTES, CopyColumn, columns_of, encode
from .destination import TableDestination, WriteMode
from .target import STAGE, Session, Stage, Target, names, quoted

psycopg2 = Lazy("psycopg2")


# A load's fingerprint is made of text, which depends on these.
SESSION = {
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_transaction_isolation": r"read\ committed",
    "extra_float_digits": "3",
    "lock_timeout": f"{LOCK_SECONDS}s",
}
ERRORS = Errors(
    unavailable=DestinationUnavailableError,
    rejected=DestinationRejectedError,
    next_for_user="ask for the permissions that the class names.",
    next_for_query="correct the table's name, or the rows.",
)

COLUMNS = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped "
    "ORDER BY attnum"
)
FINGERPRINT = (
    "SELECT count(*), coalesce(sum(hashtextextended(each::text, 0)), 0)::text "
    "FROM (SELECT {columns} FROM {table}) AS each"
)
UNIQUE_INDEXES = (
    "SELECT array_agg(attname::text) FROM pg_index "
    "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey) "
    "WHERE indrelid = to_regclass(?) AND indisunique AND indisvalid AND indimmediate "
    "AND indpred IS NULL AND indexprs IS NULL AND indnatts = indnkeyatts "
    "GROUP BY indexrelid"
)
COPY_IN = "COPY {stage} FROM STDIN (FORMAT binary)"
DESCRIBE = "SELECT * FROM {stage} LIMIT 0"
PAGES = "SELECT pg_relation_size(?) / current_setting('block_size')::int"
COPY_OUT = (
    "COPY (SELECT {selected} FROM {stage} "
    "WHERE ctid >= '({first},0)'::tid AND ctid < '({end},0)'::tid) "
    "TO STDOUT (FORMAT binary)"
)


class PostgreSQLTablesCredentials(DatabaseCredentials):
    """The address of a PostgreSQL database, and the user."""


class PostgreSQLTables(TableDestination):
    """A PostgreSQL database, written to by COPY.

    Rows go into a temporary table first, and from there into the target, in one
    transaction: readers see the former rows until it ends. `copy_in` maps Arrow's types.
    An existing table must have exactly the columns of the load.

    It needs the permissions to create temporary tables and tables of the schema, and to
    select, insert, update and delete. PostgreSQL 14 or newer.
    """

    credentials_model = PostgreSQLTablesCredentials
    credentials: PostgreSQLTablesCredentials

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        query_timeout: int = 60 * 60,
    ) -> None:
        """Validate the credentials, without connecting.

        Args:
            config_key: The key of the credentials in the configuration.
            credentials: The fields of `credentials_model`.
            query_timeout: Seconds after which a statement is stopped.

        Raises:
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`.
            MissingExtraError: As in `Connector`.
        """
        super().__init__(config_key=config_key, credentials=credentials)
        self.query_timeout = query_timeout

    @property
    def address(self) -> str:
        """Host, port and database, for messages."""
        fields = self.credentials
        return f"{fields.host}:{fields.port}/{fields.database} ({self.place})"

    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        table: str,
        *,
        mode: WriteMode = "fail",
        key: list[str] | None = None,
        load_id: str | None = None,
        verify_bytes: bool = False,  # noqa: ARG002 - rows are always counted
        check: Check | None = None,
    ) -> Written:
        """Write batches into one table, in one transaction.

        As `TableDestination.from_batches`. Memory: one batch, several times.
        """
        self.check_key(mode, key, table)
        schema, checked = begin(batches, table)
        columns = columns_of(schema)
        with self._target(table, columns) as target:
            target.check_columns()
            if mode == "fail":
                target.check_empty(load_id)
            stage = _Stage(target.session, columns)
            stage.fill(checked, self.address)
            if check:
                check(stage.read(schema))
            target.take(mode, key or [], load_id)
            target.session.commit(load_id)
        return Written(table, stage.rows, None, None)

    def count(self, table: str) -> int:
        """Return the number of rows of a table. As `TableDestination.count`."""
        with self._target(table, []) as target:
            return target.count()

    @contextlib.contextmanager
    def _target(self, table: str, columns: Sequence[CopyColumn]) -> Iterator["_Target"]:
        """Yield a table, in a transaction that is rolled back unless it is committed."""
        where = f"{table}, {self.address}"
        connected = False
        try:
            seconds = connect_seconds(self.credentials)
            # libpq's own limit, of a second less, has the better error.
            connection = wait_for(self.connect, seconds=seconds + 1)
            connected = True
            with contextlib.closing(connection), connection.cursor() as cursor:
                yield _Target(_Session(cursor, self, where), table, columns, where)
        except psycopg2.Error as err:
            raise ERRORS.explain(err, where, connected=connected) from err
        except OverdueError as err:
            raise DestinationUnavailableError(
                f"There was no connection within {seconds} seconds.",
                where,
                "check host and port, and that the server runs.",
            ) from err

    def connect(self) -> Any:
        """Return a new connection of psycopg2, which the caller closes.

        Raises:
            psycopg2.Error: There is none.
        """
        password = self.credentials.password
        timeout = {"statement_timeout": f"{self.query_timeout}s"}
        name = type(self).__module__.partition(".")[0]
        return psycopg2.connect(
            host=self.credentials.host,
            port=self.credentials.port,
            dbname=self.credentials.database,
            user=self.credentials.user,
            password=password.get_secret_value() if password else None,
            **options(self.credentials, SESSION | timeout, name),
        )


class _Session(Session):
    """A session of psycopg2, which marks values by %s."""

    def __init__(self, cursor: Any, destination: PostgreSQLTables, where: str) -> None:
        super().__init__(cursor)
        self._connection = cursor.connection
        self._destination = destination
        self._where = where

    def call(self, method: Callable[..., Any], *arguments: Any) -> None:
        seconds = self._destination.query_timeout
        cancel = partial(stop, self._connection, self._destination.connect)
        try:
            wait_for(partial(method, *arguments), seconds=seconds, cancel=cancel)
        except OverdueError as err:
            raise DestinationUnavailableError(
                f"PostgreSQL didn't answer within {seconds} seconds.",
                self._where,
                "try again, or raise query_timeout.",
            ) from err

    def commit(self, load_id: str | None) -> None:
        """Commit the transaction.

        Raises:
            DestinationUnavailableError: There was no answer.
        """
        try:
            self.call(self._connection.commit)
        except (psycopg2.Error, DestinationUnavailableError) as err:
            if getattr(err, "pgcode", None):
                raise
            raise DestinationUnavailableError(
                "PostgreSQL didn't answer whether it has committed the rows.",
                self._where,
                "run the load again: by its id it finds out."
                if load_id
                else "see whether the rows are there before you run it again.",
            ) from err

    def run(
        self, statement: str, values: Sequence[Any] | None = None, /, **parts: str
    ) -> None:
        if values:
            statement = statement.replace("?", "%s")
            parts = {key: text.replace("%", "%%") for key, text in parts.items()}
        super().run(statement, values, **parts)


class _Stage(Stage):
    """A temporary table."""

    create = "CREATE TEMPORARY TABLE {table} ({definitions}) ON COMMIT DROP"

    def __init__(self, session: Session, columns: Sequence[CopyColumn]) -> None:
        super().__init__(session, columns)
        self._cursor = session.cursor
        self._columns = columns
        self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        for stream in encode(batch, self._columns):
            self.session.call(
                self._cursor.copy_expert,
                COPY_IN.format(stage=STAGE),
                io.BytesIO(stream),
            )
            self._bytes += len(stream)

    def read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows again, in batches of about 2 MiB: at least one."""
        self.session.run(DESCRIBE, stage=STAGE)
        columns = [
            copy_binary.Column.described(each) for each in self._cursor.description
        ]
        yield copy_binary.decode([], columns).cast(schema)
        selected = ", ".join(
            f"{quoted(column.name)}::text" if column.cast else quoted(column.name)
            for column in columns
        )
        ((pages,),) = self.session.fetch(PAGES, (STAGE,))
        at_once = max(1, BATCH_BYTES * pages // max(1, self._bytes))
        for first in range(0, pages, at_once):
            statement = COPY_OUT.format(
                selected=selected, stage=STAGE, first=first, end=first + at_once
            )
            received = _Received()
            self.session.call(self._cursor.copy_expert, statement, received)
            yield copy_binary.decode(received.rows(), columns).cast(schema)


class _Received:
    """The file to which COPY writes its rows, one by one."""

    def __init__(self) -> None:
        self._messages: list[bytes] = []

    def write(self, message: bytes) -> None:
        """Take a message: the header, alone or with a row; a row; or the trailer."""
        self._messages.append(message)

    def rows(self) -> list[bytes]:
        """Return only the rows."""
        first, *others, _ = self._messages
        first = first[copy_binary.HEADER_BYTES :]
        return [first, *others] if first else others


class _Target(Target):
    """A table of PostgreSQL."""

    session: _Session
    name_bytes = NAME_BYTES

    def default_schema(self) -> str:
        ((schema,),) = self.session.fetch("SELECT current_schema()")
        return str(schema)

    def types(self, table: str) -> dict[str, str]:
        return dict(self.session.fetch(COLUMNS, (self.qualified(table),)))

    def fingerprint(self, table: str) -> tuple[int, str]:
        columns = names(column.name for column in self.columns)
        found = self.session.fetch(FINGERPRINT, columns=columns, table=table)
        ((rows, fingerprint),) = found
        return rows, fingerprint

    def unique_keys(self) -> list[list[str]]:
        found = self.session.fetch(UNIQUE_INDEXES, (self.name,))
        return [index for (index,) in found]

    def lock_name(self, name: str) -> None:
        lock = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"
        self.session.run(lock, (name,))

    def lock_rows(self) -> None:
        lock = "LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"
        self.session.run(lock, table=self.name)
