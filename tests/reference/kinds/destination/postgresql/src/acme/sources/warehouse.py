"""Write tables of PostgreSQL."""

from collections.abc import Iterable, Iterator
import contextlib
import io
import re
from typing import Any, Literal

import pyarrow as pa
from pydantic import SecretStr

from acme import (
    copy_binary,
    copy_in,
)
from acme.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
    VerificationError,
)
from acme.formats import Written
from acme.sources.base import (
    BATCH_BYTES,
    CONNECT_SECONDS,
    Check,
    Credentials,
    first_line,
)
from acme.sources.tables import (
    LOADS,
    TableDestination,
    WriteMode,
    begin,
    check_columns,
)

with contextlib.suppress(ImportError):
    import psycopg2
    from psycopg2 import Error as DriverError
    from psycopg2 import sql

LOCK_SECONDS = 60
STATEMENT_SECONDS = 60 * 60

# On them hangs the text of which a load's fingerprint is made.
SESSION = {
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_transaction_isolation": r"read\ committed",
    "extra_float_digits": "3",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
}
# The connection of a server that is gone without a word is given up after a minute.
KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}

# SQLSTATE by class or code -> what it means for the caller; the longest match counts.
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
    CredentialError: "ask for the rights that the class names.",
    DestinationRejectedError: "correct the table's name, or what is written into it.",
}
# While connecting, libpq gives a message but no SQLSTATE. The first match counts.
ERRORS_WHILE_CONNECTING: list[tuple[str, type[ConnectorError], str]] = [
    ("no encryption|SSL off", FatalError, "set sslmode to require, or to more."),
    ("password|authentication|pg_hba", CredentialError, "check user and password."),
    (r'role ".*" does not exist', CredentialError, "check the user."),
    (r'database ".*" does not exist', FatalError, "check the name of the database."),
    (
        "SSL SYSCALL error|SSL connection has been closed unexpectedly",
        DestinationUnavailableError,
        "try again; if it stays so, check what is between here and the server.",
    ),
    ("sslmode|certificate|SSL", FatalError, "check host, sslmode and sslrootcert."),
    (
        "",
        DestinationUnavailableError,
        "check host and port, and that the server runs.",
    ),
]

STAGE = "connector_stage"
COLUMNS = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
    "ORDER BY attnum"
)
FINGERPRINT = (
    "SELECT count(*), coalesce(sum(hashtextextended(each::text, 0)), 0)::text "
    "FROM (SELECT {columns} FROM {table}) AS each"
)
MAKE_LOADS = (
    "CREATE TABLE IF NOT EXISTS {loads} (table_name text, load_id text, "
    "rows bigint NOT NULL, fingerprint text NOT NULL, "
    "loaded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_name, load_id))"
)
ENTER_LOAD = (
    "INSERT INTO {loads} (table_name, load_id, rows, fingerprint) "
    "VALUES (%s, %s, %s, %s) ON CONFLICT (table_name, load_id) DO UPDATE "
    "SET rows = excluded.rows, fingerprint = excluded.fingerprint, loaded_at = now()"
)
UNIQUE_INDEXES = (
    "SELECT array_agg(attname::text) FROM pg_index "
    "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey) "
    "WHERE indrelid = to_regclass(%s) AND indisunique AND indisvalid AND indimmediate "
    "AND indpred IS NULL AND indexprs IS NULL AND indnatts = indnkeyatts "
    "GROUP BY indexrelid"
)


class WarehouseCredentials(Credentials):
    """How to reach a PostgreSQL database, and as whom."""

    host: str
    port: int = 5432
    database: str
    user: str
    password: SecretStr | None = None
    sslmode: Literal[
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
    ] = "prefer"
    sslrootcert: str | None = None


class Warehouse(TableDestination):
    """A PostgreSQL database, written to by COPY.

    Rows go into a temporary table first, and from there into their own, in one
    transaction: readers see the former rows until it ends. `copy_in` says which type
    holds which Arrow type. A table that is there must have exactly these columns.

    It needs the rights to make temporary tables and tables of the schema, and to
    select, insert, update and delete. PostgreSQL 14 or newer.
    """

    credentials_model = WarehouseCredentials
    credentials: WarehouseCredentials
    requires = ("psycopg2", "warehouse")

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
        verify_bytes: bool = False,  # noqa: ARG002 - rows are counted always
        check: Check | None = None,
    ) -> Written:
        """Write batches into one table, in one transaction.

        As `TableDestination.from_batches`. Memory: a batch, a few times.
        """
        self.check_key(mode, key, table)
        schema, remaining = begin(batches, table)
        columns = copy_in.columns_of(schema)
        with self._transaction(table) as cursor:
            target = _Target(self, cursor, table, columns)
            target.check_columns()
            if mode == "fail":
                target.check_empty(load_id)
            stage = _Stage(cursor, columns)
            for batch in remaining:
                stage.add(batch)
            stage.check_count(self.address)
            if check:
                check(stage.read(schema))
            target.take(mode, key or [], load_id)
        return Written(table, stage.rows, None, None)

    def count(self, table: str) -> int:
        """Return the number of rows of a table. As `TableDestination.count`."""
        with self._transaction(table) as cursor:
            target = _Target(self, cursor, table, [])
            if not target.there:
                raise VerificationError(
                    "There is no such table.",
                    f"{table}, {self.place}",
                    "load it again.",
                )
            return target.count()

    @contextlib.contextmanager
    def _transaction(self, table: str) -> Iterator[Any]:
        """Give a cursor, and commit where nothing was raised."""
        where = f"{table}, {self.address}"
        password = self.credentials.password
        try:
            connection = psycopg2.connect(
                host=self.credentials.host,
                port=self.credentials.port,
                dbname=self.credentials.database,
                user=self.credentials.user,
                password=password.get_secret_value() if password else None,
                sslmode=self.credentials.sslmode,
                sslrootcert=self.credentials.sslrootcert,
                application_name="acme",
                client_encoding="utf8",
                connect_timeout=CONNECT_SECONDS,
                options=" ".join(f"-c {name}={SESSION[name]}" for name in SESSION),
                **KEEPALIVES,
            )
        except DriverError as err:
            raise _explained(err, where, connected=False) from err
        try:
            # Without an end, closing takes everything back.
            with contextlib.closing(connection), connection.cursor() as cursor:
                yield cursor
                connection.commit()
        except DriverError as err:
            raise _explained(err, where, connected=True) from err


class _Stage:
    """A temporary table that holds the rows of one load."""

    def __init__(self, cursor: Any, columns: list[copy_in.Column]) -> None:
        self._cursor = cursor
        self._columns = columns
        self._bytes = 0
        self.rows = 0
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(
                sql.Identifier(STAGE), _definitions(columns)
            )
        )

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        copy = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(
            sql.Identifier(STAGE)
        )
        for stream in copy_in.encode(batch, self._columns):
            self._cursor.copy_expert(copy, io.BytesIO(stream))
            self._bytes += len(stream)
        self.rows += batch.num_rows

    def check_count(self, where: str) -> None:
        """Make sure that each row arrived."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(STAGE))
        ((arrived,),) = _fetch(self._cursor, statement)
        if arrived != self.rows:
            raise VerificationError(
                f"Of {self.rows} rows that were sent, {arrived} arrived.",
                where,
                "run it again.",
            )

    def read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows again, in batches of about 2 MiB: at least one."""
        statement = sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(STAGE))
        self._cursor.execute(statement)
        columns = [
            copy_binary.Column.described(each) for each in self._cursor.description
        ]
        yield copy_binary.decode([], columns).cast(schema)
        selected = sql.SQL(", ").join(
            sql.SQL("{}::text" if column.cast else "{}").format(
                sql.Identifier(column.name)
            )
            for column in columns
        )
        size = "SELECT pg_relation_size(%s) / current_setting('block_size')::int"
        ((pages,),) = _fetch(self._cursor, size, (STAGE,))
        at_once = max(1, BATCH_BYTES * pages // max(1, self._bytes))
        for page in range(0, pages, at_once):
            statement = sql.SQL(
                "COPY (SELECT {} FROM {} WHERE ctid >= {}::tid AND ctid < {}::tid) "
                "TO STDOUT (FORMAT binary)"
            ).format(
                selected,
                sql.Identifier(STAGE),
                sql.Literal(f"({page},0)"),
                sql.Literal(f"({page + at_once},0)"),
            )
            received = _Received()
            self._cursor.copy_expert(statement, received)
            yield copy_binary.decode(received.rows(), columns).cast(schema)


class _Received:
    """What COPY writes its rows to, one by one."""

    def __init__(self) -> None:
        self._messages: list[bytes] = []

    def write(self, message: bytes) -> None:
        """Take what was sent: the header with or without a row, rows, the trailer."""
        self._messages.append(message)

    def rows(self) -> list[bytes]:
        """Return the rows alone."""
        first, *others, _ = self._messages
        first = first[copy_binary.HEADER_BYTES :]
        return [first, *others] if first else others


class _Target:
    """The table that is written to."""

    def __init__(
        self,
        destination: Warehouse,
        cursor: Any,
        table: str,
        columns: list[copy_in.Column],
    ) -> None:
        self._destination = destination
        self._cursor = cursor
        self._table = table
        self._columns = columns
        schema, _, name = table.rpartition(".")
        if not name or "." in schema:
            raise DestinationRejectedError(
                "The table's name is not of the form schema.table.",
                f"{table}, {destination.place}",
                "name a table, with or without its schema.",
            )
        if not schema:
            ((schema,),) = _fetch(cursor, "SELECT current_schema()")
        self.name = sql.Identifier(schema, name)
        self._loads = sql.Identifier(schema, LOADS)
        self._quoted = self.name.as_string(cursor)
        self._plain = f"{schema}.{name}"

    @property
    def there(self) -> dict[str, str]:
        """The type of each column, by name; none where there is no table."""
        return dict(_fetch(self._cursor, COLUMNS, (self._quoted,)))

    def check_columns(self) -> bool:
        """Say whether there is a table, and make sure that it has our columns."""
        there = self.there
        if there:
            given = {column.name: column.type_name for column in self._columns}
            check_columns(given, there, f"{self._table}, {self._destination.address}")
        return bool(there)

    def check_empty(self, load_id: str | None) -> None:
        """Make sure that there are no rows but what this load may have written."""
        if self.there and self._has_rows() and not self._known(load_id):
            raise self._destination.exists(self._table)

    def count(self) -> int:
        """Return the number of rows."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(self.name)
        ((rows,),) = _fetch(self._cursor, statement)
        return int(rows)

    def fingerprint(self, table: Any) -> tuple[int, str]:
        """Return the number of rows, and what tells them from others, in any order."""
        names = _names([column.name for column in self._columns])
        statement = sql.SQL(FINGERPRINT).format(columns=names, table=table)
        ((rows, fingerprint),) = _fetch(self._cursor, statement)
        return rows, fingerprint

    def take(self, mode: WriteMode, key: list[str], load_id: str | None) -> None:
        """Take over the rows of the stage, as the mode says."""
        self._lock_name(self._plain)
        is_there = self.check_columns()
        ours = self.fingerprint(sql.Identifier(STAGE)) if load_id else None
        known = self._known(load_id) if is_there else None
        if not is_there:
            self._make(key)
        elif mode != "append":
            lock = "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE"
            self._cursor.execute(sql.SQL(lock).format(self.name))
        if mode == "append" and known:
            if known != ours:
                raise self._destination.appended_before(self._table)
            return
        if mode == "fail" and self._has_rows():
            # Only if they are exactly what this load wrote.
            if known is None or known != self.fingerprint(self.name):
                raise self._destination.exists(self._table)
            mode = "replace"
        if mode == "replace":
            self._cursor.execute(sql.SQL("DELETE FROM {}").format(self.name))
        if mode == "upsert":
            self._check_unique(key)
        self._insert(key)
        if load_id and ours:
            self._enter(load_id, ours)

    def _has_rows(self) -> bool:
        statement = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(self.name)
        ((found,),) = _fetch(self._cursor, statement)
        return bool(found)

    def _known(self, load_id: str | None) -> tuple[int, str] | None:
        """Return the fingerprint of what this load wrote before."""
        if load_id is None or not self._has_loads():
            return None
        statement = (
            "SELECT rows, fingerprint FROM {} WHERE table_name = %s AND load_id = %s"
        )
        found = _fetch(
            self._cursor,
            sql.SQL(statement).format(self._loads),
            (self._plain, load_id),
        )
        return (found[0][0], found[0][1]) if found else None

    def _has_loads(self) -> bool:
        quoted = self._loads.as_string(self._cursor)
        ((there,),) = _fetch(self._cursor, "SELECT to_regclass(%s)::text", (quoted,))
        return there is not None

    def _enter(self, load_id: str, ours: tuple[int, str]) -> None:
        """Say in the same transaction which load wrote the rows."""
        if not self._has_loads():
            self._lock_name(self._loads.as_string(self._cursor))
            self._cursor.execute(sql.SQL(MAKE_LOADS).format(loads=self._loads))
        self._cursor.execute(
            sql.SQL(ENTER_LOAD).format(loads=self._loads),
            (self._plain, load_id, *ours),
        )

    def _lock_name(self, name: str) -> None:
        """Let one load at a time pass, also where there is no table yet."""
        lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
        self._cursor.execute(lock, (name,))

    def _make(self, key: list[str]) -> None:
        definitions = _definitions(self._columns)
        if key:
            definitions += sql.SQL(", PRIMARY KEY ({})").format(_names(key))
        statement = sql.SQL("CREATE TABLE {} ({})").format(self.name, definitions)
        self._cursor.execute(statement)

    def _check_unique(self, key: list[str]) -> None:
        """Make sure that the table and the load have no two rows of one key."""
        where = f"{self._table}, {self._destination.address}"
        shown = ", ".join(key)
        missing = set(key) - {column.name for column in self._columns}
        if missing:
            raise DestinationRejectedError(
                f"The key's column '{min(missing)}' isn't in the load.",
                where,
                "name columns of the query.",
            )
        indexes = _fetch(self._cursor, UNIQUE_INDEXES, (self._quoted,))
        if sorted(key) not in [sorted(index) for (index,) in indexes]:
            raise DestinationRejectedError(
                f"The table has no unique index on the key ({shown}).",
                where,
                "make one on exactly these columns, or name the columns of one.",
            )
        statement = sql.SQL(
            "SELECT count(*) FROM {} GROUP BY {} HAVING count(*) > 1 OR {} LIMIT 1"
        ).format(
            sql.Identifier(STAGE),
            _names(key),
            sql.SQL(" OR ").join(
                sql.SQL("{} IS NULL").format(sql.Identifier(name)) for name in key
            ),
        )
        if _fetch(self._cursor, statement):
            raise DestinationRejectedError(
                f"The load has two rows of one key ({shown}), or one without.",
                where,
                "let the query give one row for each key.",
            )

    def _insert(self, key: list[str]) -> None:
        names = [column.name for column in self._columns]
        changes = [
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
            for name in names
            if name not in key
        ]
        conflict = sql.SQL("")
        if key and changes:
            conflict = sql.SQL("ON CONFLICT ({}) DO UPDATE SET {}").format(
                _names(key), sql.SQL(", ").join(changes)
            )
        elif key:
            conflict = sql.SQL("ON CONFLICT ({}) DO NOTHING").format(_names(key))
        self._cursor.execute(
            sql.SQL(
                "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} {conflict}"
            ).format(
                table=self.name,
                names=_names(names),
                stage=sql.Identifier(STAGE),
                conflict=conflict,
            )
        )


def _names(names: list[str]) -> Any:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _definitions(columns: list[copy_in.Column]) -> Any:
    return sql.SQL(", ").join(
        sql.SQL("{} " + column.type_name).format(sql.Identifier(column.name))
        for column in columns
    )


def _fetch(cursor: Any, statement: Any, values: Any = None) -> list[tuple[Any, ...]]:
    cursor.execute(statement, values)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _explained(error: BaseException, where: str, *, connected: bool) -> ConnectorError:
    """Return what an error of PostgreSQL means for the caller."""
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
