"""Write tables of DuckDB."""

from collections.abc import Iterable, Iterator
import contextlib
from dataclasses import dataclass
import glob
import os
from pathlib import Path
import re
import shutil
import tempfile
import time
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    UnsupportedTypeError,
    VerificationError,
)
from acme.formats import Written
from acme.sources.base import (
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
    import duckdb

VECTOR_ROWS = 2048  # as many as the engine works on at once
STALE_SECONDS = 24 * 60 * 60  # after which no load is at work any more

# Arrow type -> the type of DuckDB that holds the same values.
TYPES: dict[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("s"): "TIMESTAMP_S",
    pa.timestamp("ms"): "TIMESTAMP_MS",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("ns"): "TIMESTAMP_NS",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.large_string(): "VARCHAR",
    pa.large_binary(): "BLOB",
}
TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
DECIMAL_DIGITS = 38
# The first and the last day or moment; the numbers beyond mean infinity, or nothing.
LIMITS: dict[pa.DataType, tuple[int, int]] = {
    pa.date32(): (2 - 2**31, 2**31 - 2),
    pa.timestamp("s"): (-9_223_372_022_400, 9_223_372_036_854),
    pa.timestamp("ms"): (-9_223_372_022_400_000, 9_223_372_036_854_775),
    pa.timestamp("us"): (-9_223_372_022_400_000_000, 2**63 - 2),
    pa.timestamp("ns"): (-9_223_286_400_000_000_000, 2**63 - 2),
    pa.timestamp("us", tz="UTC"): (-9_223_372_022_400_000_000, 2**63 - 2),
}

# A part of what the engine says -> what it means for the caller; the first one counts.
ERRORS: list[tuple[str, type[ConnectorError], str]] = [
    (
        "set lock on file|file handle conflict",
        DestinationUnavailableError,
        "try again when nobody else has the file open.",
    ),
    (
        "Out of Memory|No space left",
        DestinationUnavailableError,
        "try again with more memory_limit, or more space on the disk.",
    ),
    (
        "[Cc]onstraint",
        DestinationRejectedError,
        "correct the rows; where one shall replace another of the same key, let the key "
        "be a PRIMARY KEY or UNIQUE constraint of the table, not an index alone.",
    ),
    ("TransactionContext", DestinationUnavailableError, "try again."),
    (
        "[Pp]ermission denied|Read-only file system",
        CredentialError,
        "ask for the right to write the file and into its folder.",
    ),
    (
        "IO Error",
        DestinationRejectedError,
        "check the path, and that the file is a database.",
    ),
    (
        "",
        DestinationRejectedError,
        "correct the table's name, or what is written into it.",
    ),
]

DATABASE, STAGE = "target", "connector_stage"
SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
ATTACH = "ATTACH {path} AS {database} (TYPE duckdb, {access})"
CREATE = "CREATE TABLE {table} ({definitions})"
ADD_BATCH = "INSERT INTO {stage} SELECT * FROM batch"
COUNT = "SELECT count(*) FROM {table}"
ROWS = "SELECT * FROM {table}"
HAS_ROWS = "SELECT EXISTS (FROM {table})"
DELETE = "DELETE FROM {table}"
INSERT = "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} {conflict}"
COLUMNS = (
    "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? "
    "AND lower(schema_name) = ? AND lower(table_name) = ? ORDER BY column_index"
)
# A value's text is unlike any other's, and with its length it can't run into the next.
VALUE = "coalesce(length({name}::VARCHAR)::VARCHAR || ':' || {name}::VARCHAR, '-')"
FINGERPRINT = (
    "SELECT count(*), coalesce(sum(md5_number_lower(concat({values})))::VARCHAR, '0') "
    "FROM {table}"
)
MAKE_LOADS = (
    "CREATE TABLE IF NOT EXISTS {loads} (table_name VARCHAR, load_id VARCHAR, "
    "rows BIGINT NOT NULL, fingerprint VARCHAR NOT NULL, "
    "loaded_at TIMESTAMPTZ NOT NULL DEFAULT now(), PRIMARY KEY (table_name, load_id))"
)
FIND_LOAD = "SELECT rows, fingerprint FROM {loads} WHERE table_name = ? AND load_id = ?"
ENTER_LOAD = (
    "INSERT INTO {loads} (table_name, load_id, rows, fingerprint) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (table_name, load_id) DO UPDATE SET rows = excluded.rows, "
    "fingerprint = excluded.fingerprint, loaded_at = now()"
)
UNIQUE = (
    "SELECT constraint_column_names FROM duckdb_constraints() "
    "WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND database_name = ? "
    "AND lower(schema_name) = ? AND lower(table_name) = ? UNION ALL "
    "SELECT expressions::VARCHAR[] FROM duckdb_indexes() WHERE is_unique "
    "AND database_name = ? AND lower(schema_name) = ? AND lower(table_name) = ?"
)
NOT_UNIQUE = (
    "SELECT count(*) FROM {stage} GROUP BY {key} HAVING count(*) > 1 OR {null} LIMIT 1"
)


class DuckDBTablesCredentials(Credentials):
    """Where the DuckDB database is, and the memory that its engine may take."""

    path: Path
    memory_limit: Annotated[str, Field(pattern=r"^[1-9]\d*(KB|MB|GB|TB)$")] = "512MB"


class DuckDBTables(TableDestination):
    """A DuckDB database: a file, which is made where there is none.

    Rows are collected outside of it, and put into their table at the end, in one
    transaction. Only then is the file locked, and nobody else may have it open; a load
    that finds it locked fails, and is worth a retry. A table that is there must have
    exactly these columns.

    What doesn't fit into the memory is spooled to a hidden folder beside the file. A
    killed load leaves it; another load into the file deletes it, a day later or any
    time after.
    """

    credentials_model = DuckDBTablesCredentials
    credentials: DuckDBTablesCredentials
    requires = ("duckdb", "duckdb")

    @property
    def address(self) -> str:
        """The file's path, for messages."""
        return f"{self.credentials.path} ({self.place})"

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

        As `TableDestination.from_batches`. Memory: what `memory_limit` says, a batch
        a few times, and the engine itself.
        """
        self.check_key(mode, key, table)
        if mode == "fail":
            self._check_empty(table, load_id)
        schema, remaining = begin(batches, table)
        columns = columns_of(schema)
        with (
            self._explained(table),
            self._spool() as folder,
            contextlib.closing(self._connect(folder)) as connection,
        ):
            stage = _Stage(connection, columns)
            for batch in remaining:
                stage.add(batch)
            stage.check_count(self.address)
            if check:
                check(stage.read(schema))
            self._make_file(folder)
            self._attach(connection, "READ_WRITE")
            # Without an end, closing takes everything back.
            connection.begin()
            target = _Target(self, connection, table, columns)
            target.take(mode, key or [], load_id)
            connection.commit()
            connection.execute(f"DETACH {DATABASE}")
        return Written(table, stage.rows, None, None)

    def count(self, table: str) -> int:
        """Return the number of rows of a table. As `TableDestination.count`."""
        with self._reading(table) as target:
            if not target or not target.there:
                raise VerificationError(
                    "There is no such table.",
                    f"{table}, {self.place}",
                    "load it again.",
                )
            return target.count()

    def _check_empty(self, table: str, load_id: str | None) -> None:
        """Make sure that there are no rows but what this load may have written."""
        with self._reading(table) as target:
            if target and target.has_rows() and not target.known(load_id):
                raise self.exists(table)

    @contextlib.contextmanager
    def _reading(self, table: str) -> Iterator["_Target | None"]:
        """Give the table to be read; None where there is no file."""
        if not self.credentials.path.exists():
            yield None
            return
        with (
            self._explained(table),
            contextlib.closing(self._connect(None)) as connection,
        ):
            self._attach(connection, "READ_ONLY")
            yield _Target(self, connection, table, [])

    @contextlib.contextmanager
    def _explained(self, table: str) -> Iterator[None]:
        """Raise what an error of the engine means for the caller."""
        try:
            yield
        except duckdb.Error as err:
            raise self.explain(err, table) from err

    def explain(self, error: BaseException, table: str) -> ConnectorError:
        """Return what an error of DuckDB means for the caller."""
        said = re.sub('key ".*', "key", first_line(error))  # without the row's values
        kind, next_step = next(
            (kind, next_step)
            for pattern, kind, next_step in ERRORS
            if re.search(pattern, said)
        )
        where = f"{table}, {self.address}"
        return kind(f"DuckDB said: {said}.", where, next_step)

    def _connect(self, folder: Path | None) -> Any:
        """Return a connection to an engine of its own, which has no file yet."""
        limit = {"memory_limit": self.credentials.memory_limit}
        spool = {"temp_directory": str(folder / "spool")} if folder else {}
        connection = duckdb.connect(":memory:", config={**SETTINGS, **limit, **spool})
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    def _attach(self, connection: Any, access: str) -> None:
        path = str(self.credentials.path.absolute()).replace("'", "''")
        statement = ATTACH.format(path=f"'{path}'", database=DATABASE, access=access)
        connection.execute(statement)

    @contextlib.contextmanager
    def _spool(self) -> Iterator[Path]:
        """Give a hidden folder beside the file, and delete it."""
        path = self.credentials.path
        if not path.parent.is_dir():
            raise DestinationRejectedError(
                "The database's folder is missing.",
                self.address,
                "create it, or mount it.",
            )
        last = time.time() - STALE_SECONDS
        for stale in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
            with contextlib.suppress(FileNotFoundError):  # another load was faster
                if stale.stat().st_mtime < last:
                    shutil.rmtree(stale)
        try:
            folder = tempfile.mkdtemp(".partial", f".{path.name}.", path.parent)
        except OSError as err:
            raise CredentialError(
                f"Nothing can be written beside the database: {err.strerror}.",
                self.address,
                "ask for the right to write into its folder.",
            ) from err
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _make_file(self, folder: Path) -> None:
        """Make an empty database where there is none: whole, also under a kill."""
        if self.credentials.path.exists():
            return
        fresh = folder / "fresh.duckdb"
        duckdb.connect(fresh, config=SETTINGS).close()
        try:
            # Unlike a rename, this replaces nothing where somebody was faster.
            os.link(fresh, self.credentials.path)
        except FileExistsError:
            return
        except OSError as err:
            raise DestinationRejectedError(
                f"The database can't be made at its path: {err.strerror}.",
                self.address,
                "where the file system has no hard links, make an empty database there "
                "first, by duckdb.connect(path).",
            ) from err


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: As in the batch.
        type_name: As DuckDB writes it.
        arrow: What the values are cast to, without a change.
    """

    name: str
    type_name: str
    arrow: pa.DataType


def columns_of(schema: pa.Schema) -> list[Column]:
    """Return the columns of a table that holds batches of this schema.

    Raises:
        UnsupportedTypeError: DuckDB has no such type, or has one name for two
            columns; names the column.
    """
    lower = [name.lower() for name in schema.names]
    for field in schema:
        if lower.count(field.name.lower()) > 1:
            because = "DuckDB takes the names of two columns for one"
            raise _unsupported(field.name, field.type, because)
    return [_column(field) for field in schema]


def _column(field: pa.Field) -> Column:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_decimal(kind):
        digits, scale = kind.precision - min(kind.scale, 0), max(kind.scale, 0)
        digits = max(digits, scale)
        if digits > DECIMAL_DIGITS:
            because = f"it has more than {DECIMAL_DIGITS} digits"
            raise _unsupported(field.name, kind, because)
        arrow = pa.decimal128(digits, scale)
        return Column(field.name, f"DECIMAL({digits},{scale})", arrow)
    if pa.types.is_null(kind) or any(fits(kind) for fits in TEXTS):
        kind = pa.large_string()
    elif any(fits(kind) for fits in BYTES):
        kind = pa.large_binary()
    elif pa.types.is_timestamp(kind) and kind.tz:
        kind = pa.timestamp("us", tz="UTC")
    elif pa.types.is_float16(kind):
        kind = pa.float32()
    elif pa.types.is_date(kind):
        kind = pa.date32()
    elif pa.types.is_time(kind):
        kind = pa.time64("us")
    if kind not in TYPES:
        raise _unsupported(field.name, kind, "no type of DuckDB is its own")
    return Column(field.name, TYPES[kind], kind)


def exact(array: pa.Array, column: Column) -> pa.Array:
    """Return the values as the column holds them.

    Raises:
        UnsupportedTypeError: It can't hold one exactly; names the column.
    """
    try:
        array = array.cast(column.arrow)
        array.validate(full=True)
    except pa.ArrowException as err:
        because = f"a value isn't exact as {column.type_name}"
        raise _unsupported(column.name, array.type, because) from err
    if column.arrow in LIMITS:
        first, last = LIMITS[column.arrow]
        number = pa.int32() if pa.types.is_date(column.arrow) else pa.int64()
        numbers = array.view(number)
        far = pc.or_(pc.less(numbers, first), pc.greater(numbers, last))
        if pc.any(far).as_py():
            raise _unsupported(column.name, array.type, "a day is too far away")
    return array


def _unsupported(name: str, kind: pa.DataType, because: str) -> UnsupportedTypeError:
    return UnsupportedTypeError(
        f"The column '{name}' ({kind}) can't be written: {because}.",
        f"column '{name}'",
        "cast or rename it in the query.",
    )


class _Stage:
    """A table outside of the file that holds the rows of one load."""

    def __init__(self, connection: Any, columns: list[Column]) -> None:
        self._connection = connection
        self._columns = columns
        self.rows = 0
        connection.execute(
            CREATE.format(table=STAGE, definitions=_definitions(columns))
        )

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        arrays = [
            exact(array, column)
            for array, column in zip(batch.columns, self._columns, strict=True)
        ]
        # Names of its own, since the engine may take two for one.
        names = [str(number) for number in range(len(arrays))]
        self._connection.register("batch", pa.Table.from_arrays(arrays, names=names))
        self._connection.execute(ADD_BATCH.format(stage=STAGE))
        self._connection.unregister("batch")
        self.rows += batch.num_rows

    def check_count(self, where: str) -> None:
        """Make sure that each row arrived."""
        ((arrived,),) = _fetch(self._connection, COUNT.format(table=STAGE))
        if arrived != self.rows:
            raise VerificationError(
                f"Of {self.rows} rows that were sent, {arrived} arrived.",
                where,
                "run it again.",
            )

    def read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows again, in small batches: at least one."""
        yield pa.RecordBatch.from_pylist([], schema=schema)
        result = self._connection.execute(ROWS.format(table=STAGE))
        for batch in result.to_arrow_reader(VECTOR_ROWS):
            yield batch.cast(schema)


class _Target:
    """The table that is written to."""

    def __init__(
        self,
        destination: DuckDBTables,
        connection: Any,
        table: str,
        columns: list[Column],
    ) -> None:
        self._destination = destination
        self._connection = connection
        self._table = table
        self._columns = columns
        schema, _, name = table.rpartition(".")
        if not name or "." in schema:
            raise DestinationRejectedError(
                "The table's name is not of the form schema.table.",
                f"{table}, {destination.place}",
                "name a table, with or without its schema.",
            )
        schema = schema or "main"
        # The engine tells no upper case from lower case.
        self._found_by = (DATABASE, schema.lower(), name.lower())
        self._plain = f"{schema}.{name}".lower()
        self.name = f"{DATABASE}.{_quoted(schema)}.{_quoted(name)}"
        self._loads = f"{DATABASE}.{_quoted(schema)}.{_quoted(LOADS)}"
        self._found_loads_by = (DATABASE, schema.lower(), LOADS)

    @property
    def there(self) -> dict[str, str]:
        """The type of each column, by name; none where there is no table."""
        return dict(_fetch(self._connection, COLUMNS, self._found_by))

    def count(self) -> int:
        """Return the number of rows."""
        ((rows,),) = _fetch(self._connection, COUNT.format(table=self.name))
        return int(rows)

    def has_rows(self) -> bool:
        """Say whether there is a table, and a row in it."""
        if not self.there:
            return False
        ((found,),) = _fetch(self._connection, HAS_ROWS.format(table=self.name))
        return bool(found)

    def known(self, load_id: str | None) -> tuple[int, str] | None:
        """Return the fingerprint of what this load wrote before."""
        if load_id is None:
            return None
        if not _fetch(self._connection, COLUMNS, self._found_loads_by):
            return None
        statement = FIND_LOAD.format(loads=self._loads)
        found = _fetch(self._connection, statement, (self._plain, load_id))
        return (found[0][0], found[0][1]) if found else None

    def fingerprint(self, table: str) -> tuple[int, str]:
        """Return the number of rows, and what tells them from others, in any order."""
        values = ", ".join(
            VALUE.format(name=_quoted(column.name)) for column in self._columns
        )
        statement = FINGERPRINT.format(values=values, table=table)
        ((rows, fingerprint),) = _fetch(self._connection, statement)
        return rows, fingerprint

    def take(self, mode: WriteMode, key: list[str], load_id: str | None) -> None:
        """Take over the rows of the stage, as the mode says."""
        there = self.there
        where = f"{self._table}, {self._destination.address}"
        if there:
            given = {column.name: column.type_name for column in self._columns}
            check_columns(given, there, where)
        ours = self.fingerprint(STAGE) if load_id else None
        known = self.known(load_id) if there else None
        if not there:
            self._make(key)
        if mode == "append" and known:
            if known != ours:
                raise self._destination.appended_before(self._table)
            return
        if mode == "fail" and self.has_rows():
            # Only if they are exactly what this load wrote.
            if known is None or known != self.fingerprint(self.name):
                raise self._destination.exists(self._table)
            mode = "replace"
        if mode == "replace":
            self._connection.execute(DELETE.format(table=self.name))
        if mode == "upsert":
            self._check_unique(key, where)
        self._insert(key)
        if load_id and ours:
            self._connection.execute(MAKE_LOADS.format(loads=self._loads))
            values = (self._plain, load_id, *ours)
            self._connection.execute(ENTER_LOAD.format(loads=self._loads), values)

    def _make(self, key: list[str]) -> None:
        definitions = _definitions(self._columns)
        if key:
            definitions += f", PRIMARY KEY ({_names(key)})"
        statement = CREATE.format(table=self.name, definitions=definitions)
        self._connection.execute(statement)

    def _check_unique(self, key: list[str], where: str) -> None:
        """Make sure that the table and the load have no two rows of one key."""
        shown = ", ".join(key)
        missing = set(key) - {column.name for column in self._columns}
        if missing:
            raise DestinationRejectedError(
                f"The key's column '{min(missing)}' isn't in the load.",
                where,
                "name columns of the query.",
            )
        indexes = _fetch(self._connection, UNIQUE, self._found_by * 2)
        found = [sorted(_plain(name) for name in index) for (index,) in indexes]
        if sorted(key) not in found:
            raise DestinationRejectedError(
                f"The table has no unique index on the key ({shown}).",
                where,
                "make one on exactly these columns, or name the columns of one.",
            )
        null = " OR ".join(f"{_quoted(name)} IS NULL" for name in key)
        statement = NOT_UNIQUE.format(stage=STAGE, key=_names(key), null=null)
        if _fetch(self._connection, statement):
            raise DestinationRejectedError(
                f"The load has two rows of one key ({shown}), or one without.",
                where,
                "let the query give one row for each key.",
            )

    def _insert(self, key: list[str]) -> None:
        names = [column.name for column in self._columns]
        changes = ", ".join(
            f"{_quoted(name)} = excluded.{_quoted(name)}"
            for name in names
            if name not in key
        )
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        conflict = f"ON CONFLICT ({_names(key)}) DO {action}" if key else ""
        self._connection.execute(
            INSERT.format(
                table=self.name, names=_names(names), stage=STAGE, conflict=conflict
            )
        )


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _plain(name: str) -> str:
    """Return the name of an index's column, which is in quotes where it needs them."""
    quoted = name.startswith('"') and name.endswith('"')
    return name[1:-1].replace('""', '"') if quoted else name


def _names(names: list[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _definitions(columns: list[Column]) -> str:
    return ", ".join(f"{_quoted(each.name)} {each.type_name}" for each in columns)


def _fetch(connection: Any, statement: str, values: Any = ()) -> list[Any]:
    rows: list[Any] = connection.execute(statement, values).fetchall()
    return rows
