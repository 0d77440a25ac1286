"""Write tables of PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
import io
import re
from typing import Any, Literal

import pyarrow as pa
from pydantic import SecretStr

from ..connector import CONNECT_SECONDS, Credentials, first_line
from ..destination import Check, Written, begin
from ..exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
)
from ..extras import Lazy
from ..source import BATCH_BYTES
from ..sql import copy_binary
from ..tls import RootCertificates
from .copy_in import NAME_BYTES, CopyColumn, columns_of, encode
from .destination import TableDestination, WriteMode
from .target import STAGE, Session, Stage, Target, names, quoted

psycopg2 = Lazy("psycopg2")

LOCK_SECONDS = 60
STATEMENT_SECONDS = 60 * 60

# A load's fingerprint is made of text, which depends on these.
SESSION = {
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_transaction_isolation": r"read\ committed",
    "extra_float_digits": "3",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
}
# A server that is gone without a word is given up after a minute.
KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}

# SQLSTATE by class or code -> the error; the longest match counts.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
ERRORS_BY_STATE: dict[str, type[ConnectorError]] = {
    "08": DestinationUnavailableError,  # connection exception
    "28": CredentialError,  # invalid authorization
    "42501": CredentialError,  # insufficient privilege
    "40": DestinationUnavailableError,  # serialization failure, deadlock
    "53": DestinationUnavailableError,  # insufficient resources
    "55P03": DestinationUnavailableError,  # lock not available
    "57": DestinationUnavailableError,  # operator intervention, statement timeout
    "58": DestinationUnavailableError,  # system error
}
ERROR_NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "ask for the permissions that the class names.",
    DestinationRejectedError: "correct the table's name, or the rows.",
}
# While connecting, libpq has a message but no SQLSTATE. The first match counts.
ERRORS_WHILE_CONNECTING: list[tuple[str, type[ConnectorError], str]] = [
    ("no encryption|SSL off", FatalError, "set sslmode to require or stricter."),
    ("password|authentication|pg_hba", CredentialError, "check user and password."),
    (r'role ".*" does not exist', CredentialError, "check the user."),
    (r'database ".*" does not exist', FatalError, "check the name of the database."),
    (
        "SSL SYSCALL error|SSL connection has been closed unexpectedly",
        DestinationUnavailableError,
        "try again; if it persists, check what is between here and the server.",
    ),
    ("sslmode|certificate|SSL", FatalError, "check host, sslmode and sslrootcert."),
    ("", DestinationUnavailableError, "check host and port, and that the server runs."),
]

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


class PostgreSQLTablesCredentials(Credentials):
    """The address of a PostgreSQL database, and the user."""

    host: str
    port: int = 5432
    database: str
    user: str
    password: SecretStr | None = None
    sslmode: Literal[
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
    ] = "prefer"
    sslrootcert: RootCertificates | None = None


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
        return Written(table, stage.rows, None, None)

    def count(self, table: str) -> int:
        """Return the number of rows of a table. As `TableDestination.count`."""
        with self._target(table, []) as target:
            return target.count()

    @contextlib.contextmanager
    def _target(self, table: str, columns: Sequence[CopyColumn]) -> Iterator["_Target"]:
        """Yield a table, and commit unless an error was raised."""
        where = f"{table}, {self.address}"
        password = self.credentials.password
        connected = False
        try:
            connection = psycopg2.connect(
                host=self.credentials.host,
                port=self.credentials.port,
                dbname=self.credentials.database,
                user=self.credentials.user,
                password=password.get_secret_value() if password else None,
                sslmode=self.credentials.sslmode,
                sslrootcert=self.credentials.sslrootcert,
                application_name=type(self).__module__.partition(".")[0],
                client_encoding="utf8",
                connect_timeout=CONNECT_SECONDS,
                options=" ".join(f"-c {name}={SESSION[name]}" for name in SESSION),
                **KEEPALIVES,
            )
            connected = True
            # Closing without a commit rolls everything back.
            with contextlib.closing(connection), connection.cursor() as cursor:
                yield _Target(_Session(cursor), table, columns, where)
                connection.commit()
        except psycopg2.Error as err:
            raise explained(err, where, connected=connected) from err


class _Session(Session):
    """A session of psycopg2, which marks values by %s."""

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
            self._cursor.copy_expert(COPY_IN.format(stage=STAGE), io.BytesIO(stream))
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
            self._cursor.copy_expert(statement, received)
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


def explained(error: BaseException, where: str, *, connected: bool) -> ConnectorError:
    """Return the connector's error for an error of psycopg2."""
    said = f"PostgreSQL said: {first_line(error)}."
    state = getattr(error, "pgcode", None)
    if not connected:
        kind, next_step = next(
            (kind, next_step)
            for pattern, kind, next_step in ERRORS_WHILE_CONNECTING
            if re.search(pattern, said)
        )
        return kind(said, where, next_step)
    if state is None:
        return DestinationUnavailableError(said, where, "try again.")
    by_class = ERRORS_BY_STATE.get(state[:2], DestinationRejectedError)
    kind = ERRORS_BY_STATE.get(state, by_class)
    return kind(said, where, ERROR_NEXT_STEPS.get(kind, "try again."))
