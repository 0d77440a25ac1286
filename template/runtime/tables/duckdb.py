"""Write tables of DuckDB."""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
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

from ..addresses import LocalPath
from ..connector import Credentials, first_line
from ..destination import Check, Written, begin
from ..exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
)
from ..extras import Lazy
from .destination import TableDestination, WriteMode
from .target import (
    STAGE,
    Column,
    Session,
    Stage,
    Target,
    digits_of,
    is_bytes,
    is_text,
    missing,
    quoted,
    unsupported,
)

duckdb = Lazy("duckdb")

VECTOR_ROWS = 2048  # the engine works on so many rows at once
STALE_SECONDS = 24 * 60 * 60  # after which a load is no longer running

# Arrow type -> DuckDB's type of the same values.
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
DECIMAL_DIGITS = 38
# The first and the last date or time; a number beyond means infinity, or nothing.
LIMITS: dict[pa.DataType, tuple[int, int]] = {
    pa.date32(): (2 - 2**31, 2**31 - 2),
    pa.timestamp("s"): (-9_223_372_022_400, 9_223_372_036_854),
    pa.timestamp("ms"): (-9_223_372_022_400_000, 9_223_372_036_854_775),
    pa.timestamp("us"): (-9_223_372_022_400_000_000, 2**63 - 2),
    pa.timestamp("ns"): (-9_223_286_400_000_000_000, 2**63 - 2),
    pa.timestamp("us", tz="UTC"): (-9_223_372_022_400_000_000, 2**63 - 2),
}

# A part of the engine's message -> the error; the first match counts.
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
        "correct the rows; to let a row replace another of the same key, make the key a "
        "PRIMARY KEY or UNIQUE constraint of the table, not only an index.",
    ),
    ("TransactionContext", DestinationUnavailableError, "try again."),
    (
        "[Pp]ermission denied|Read-only file system",
        CredentialError,
        "ask for the permission to write the file and into its folder.",
    ),
    (
        "IO Error",
        DestinationRejectedError,
        "check the path, and that the file is a database.",
    ),
    ("", DestinationRejectedError, "correct the table's name, or the rows."),
]

DATABASE = "target"
SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
ATTACH = "ATTACH {path} AS {database} (TYPE duckdb, {access})"
ADD_BATCH = "INSERT INTO {stage} SELECT * FROM batch"
ROWS = "SELECT * FROM {stage}"
COLUMNS = (
    "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? "
    "AND lower(schema_name) = ? AND lower(table_name) = ? ORDER BY column_index"
)
# With its length first, no value's text can run into the next one's.
VALUE = "coalesce(length({name}::VARCHAR)::VARCHAR || ':' || {name}::VARCHAR, '-')"
FINGERPRINT = (
    "SELECT count(*), coalesce(sum(md5_number_lower(concat({values})))::VARCHAR, '0') "
    "FROM {table}"
)
UNIQUE = (
    "SELECT constraint_column_names FROM duckdb_constraints() "
    "WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND database_name = ? "
    "AND lower(schema_name) = ? AND lower(table_name) = ? UNION ALL "
    "SELECT expressions::VARCHAR[] FROM duckdb_indexes() WHERE is_unique "
    "AND database_name = ? AND lower(schema_name) = ? AND lower(table_name) = ?"
)


class DuckDBTablesCredentials(Credentials):
    """The path of a DuckDB database, and the most memory that its engine may use."""

    path: LocalPath
    memory_limit: Annotated[str, Field(pattern=r"^[1-9]\d*(KB|MB|GB|TB)$")] = "512MB"


class DuckDBTables(TableDestination):
    """A DuckDB database: a file, which is created if it doesn't exist.

    Rows are collected outside of it, and written into their table at the end, in one
    transaction. Only this locks the file, and nobody else may have it open then; a load
    that finds it locked fails, and can be retried. An existing table must have exactly
    the columns of the load.

    Rows that don't fit into memory are spooled to a hidden folder beside the file. A
    killed load leaves it there; another load into the file deletes it a day later.
    """

    credentials_model = DuckDBTablesCredentials
    credentials: DuckDBTablesCredentials

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
        verify_bytes: bool = False,  # noqa: ARG002 - rows are always counted
        check: Check | None = None,
    ) -> Written:
        """Write batches into one table, in one transaction.

        As `TableDestination.from_batches`. Memory: `memory_limit`, one batch several
        times, and the engine itself.
        """
        self.check_key(mode, key, table)
        if mode == "fail":
            with self._reading(table) as target:
                if target:
                    target.check_empty(load_id)
        schema, checked = begin(batches, table)
        columns = columns_of(schema)
        with (
            self._explained(table),
            self._spool() as folder,
            contextlib.closing(self._connect(folder)) as connection,
        ):
            stage = _Stage(Session(connection), columns)
            stage.fill(checked, self.address)
            if check:
                check(stage.read(schema))
            self._make_file(folder)
            self._attach(connection, "READ_WRITE")
            # Closing without a commit rolls everything back.
            connection.begin()
            target = _Target(stage.session, table, columns, self._where(table))
            target.take(mode, key or [], load_id)
            connection.commit()
            connection.execute(f"DETACH {DATABASE}")
        return Written(table, stage.rows, None, None)

    def count(self, table: str) -> int:
        """Return the number of rows of a table. As `TableDestination.count`."""
        with self._reading(table) as target:
            if not target:
                raise missing(self._where(table))
            return target.count()

    def explain(self, error: BaseException, table: str) -> ConnectorError:
        """Return the connector's error for an error of DuckDB."""
        said = re.sub('key ".*', "key", first_line(error))  # without the row's values
        kind, next_step = next(
            (kind, next_step)
            for pattern, kind, next_step in ERRORS
            if re.search(pattern, said)
        )
        return kind(f"DuckDB said: {said}.", self._where(table), next_step)

    def _where(self, table: str) -> str:
        return f"{table}, {self.address}"

    @contextlib.contextmanager
    def _reading(self, table: str) -> Iterator["_Target | None"]:
        """Yield the table, to read it; None if there is no file."""
        if not self.credentials.path.exists():
            yield None
            return
        with (
            self._explained(table),
            contextlib.closing(self._connect(None)) as connection,
        ):
            self._attach(connection, "READ_ONLY")
            yield _Target(Session(connection), table, [], self._where(table))

    @contextlib.contextmanager
    def _explained(self, table: str) -> Iterator[None]:
        """Translate the engine's errors."""
        try:
            yield
        except duckdb.Error as err:
            raise self.explain(err, table) from err

    def _connect(self, folder: Path | None) -> Any:
        """Return a connection to an engine of its own, without the file yet."""
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
        """Yield a hidden folder beside the file, and delete it afterwards."""
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
                "ask for the permission to write into its folder.",
            ) from err
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _make_file(self, folder: Path) -> None:
        """Create an empty database if there is none. A kill leaves all of it or none."""
        if self.credentials.path.exists():
            return
        fresh = folder / "fresh.duckdb"
        duckdb.connect(fresh, config=SETTINGS).close()
        try:
            # Unlike a rename, this replaces nothing if another load was faster.
            os.link(fresh, self.credentials.path)
        except FileExistsError:
            return
        except OSError as err:
            raise DestinationRejectedError(
                f"The database can't be created at its path: {err.strerror}.",
                self.address,
                "if the file system has no hard links, create an empty database there "
                "first, by duckdb.connect(path).",
            ) from err


def columns_of(schema: pa.Schema) -> list[Column]:
    """Return the columns of a table that holds batches of this schema.

    Raises:
        UnsupportedTypeError: DuckDB has no such type, or treats the names of two columns
            as the same; names the column.
    """
    lower = [name.lower() for name in schema.names]
    for field in schema:
        if lower.count(field.name.lower()) > 1:
            because = "DuckDB treats the names of two columns as the same"
            raise unsupported(field.name, field.type, because)
    return [_column(field) for field in schema]


def _column(field: pa.Field) -> Column:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_decimal(kind):
        digits, scale = digits_of(kind)
        if digits > DECIMAL_DIGITS:
            because = f"it has more than {DECIMAL_DIGITS} digits"
            raise unsupported(field.name, kind, because)
        arrow = pa.decimal128(digits, scale)
        return Column(field.name, f"DECIMAL({digits},{scale})", arrow)
    if pa.types.is_null(kind) or is_text(kind):
        kind = pa.large_string()
    elif is_bytes(kind):
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
        raise unsupported(field.name, kind, "DuckDB has no type of its own for it")
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
        raise unsupported(column.name, array.type, because) from err
    if column.arrow in LIMITS:
        first, last = LIMITS[column.arrow]
        number = pa.int32() if pa.types.is_date(column.arrow) else pa.int64()
        numbers = array.view(number)
        far = pc.or_(pc.less(numbers, first), pc.greater(numbers, last))
        if pc.any(far).as_py():
            raise unsupported(column.name, array.type, "a date is out of range")
    return array


class _Stage(Stage):
    """A table outside of the file."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        arrays = [
            exact(array, column)
            for array, column in zip(batch.columns, self.columns, strict=True)
        ]
        # By number, since the engine may treat two names as the same.
        numbers = [str(number) for number in range(len(arrays))]
        connection = self.session.cursor
        connection.register("batch", pa.Table.from_arrays(arrays, names=numbers))
        self.session.run(ADD_BATCH, stage=STAGE)
        connection.unregister("batch")

    def read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows again, in small batches: at least one."""
        yield pa.RecordBatch.from_pylist([], schema=schema)
        self.session.run(ROWS, stage=STAGE)
        for batch in self.session.cursor.to_arrow_reader(VECTOR_ROWS):
            yield batch.cast(schema)


class _Target(Target):
    """A table of the file. Its names are the same in upper and lower case."""

    prefix = f"{DATABASE}."

    def __init__(
        self, session: Session, table: str, columns: Sequence[Column], where: str
    ) -> None:
        super().__init__(session, table, columns, where)
        self.plain = self.plain.lower()

    def default_schema(self) -> str:
        return "main"

    def types(self, table: str) -> dict[str, str]:
        return dict(self.session.fetch(COLUMNS, self._found_by(table)))

    def fingerprint(self, table: str) -> tuple[int, str]:
        values = ", ".join(
            VALUE.format(name=quoted(column.name)) for column in self.columns
        )
        ((rows, fingerprint),) = self.session.fetch(
            FINGERPRINT, values=values, table=table
        )
        return rows, fingerprint

    def unique_keys(self) -> list[list[str]]:
        found = self.session.fetch(UNIQUE, self._found_by(self.table) * 2)
        return [[_plain(name) for name in index] for (index,) in found]

    def _found_by(self, table: str) -> tuple[str, str, str]:
        return DATABASE, self.schema.lower(), table.lower()


def _plain(name: str) -> str:
    """Return the name of an index's column, which is quoted if it needs quotes."""
    is_quoted = name.startswith('"') and name.endswith('"')
    return name[1:-1].replace('""', '"') if is_quoted else name
