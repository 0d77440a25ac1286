"""The table that a load writes to, and the stage that holds its rows until the end.

It holds what databases have in common; a subclass adds its own SQL. In statements,
`{name}` is a placeholder for SQL, such as a quoted name, and `?` for a value.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
import re
from typing import Any, ClassVar

import pyarrow as pa

from ..exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    SchemaChangedError,
    UnsupportedTypeError,
    VerificationError,
)
from .destination import WriteMode

STAGE = "connector_stage"
POSSIBLE = re.compile("[^\\0\\ud800-\\udfff]*")  # text that a database can hold
LOADS = "connector_loads"  # the table that says which load wrote what

CREATE = "CREATE TABLE {table} ({definitions})"
COUNT = "SELECT count(*) FROM {table}"
HAS_ROWS = "SELECT EXISTS (SELECT 1 FROM {table})"
DELETE = "DELETE FROM {table}"
INSERT = "INSERT INTO {table} ({names}) SELECT {names} FROM {stage} {conflict}"
NOT_UNIQUE = (
    "SELECT count(*) FROM {stage} GROUP BY {key} HAVING count(*) > 1 OR {null} LIMIT 1"
)
MAKE_LOADS = (
    "CREATE TABLE IF NOT EXISTS {loads} (table_name text, load_id text, "
    "rows bigint NOT NULL, fingerprint text NOT NULL, "
    "loaded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_name, load_id))"
)
FIND_LOAD = "SELECT rows, fingerprint FROM {loads} WHERE table_name = ? AND load_id = ?"
ENTER_LOAD = (
    "INSERT INTO {loads} (table_name, load_id, rows, fingerprint) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (table_name, load_id) DO UPDATE SET rows = excluded.rows, "
    "fingerprint = excluded.fingerprint, loaded_at = now()"
)

TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: As in the batch.
        type_name: As the database writes it.
        arrow: The type that the values are cast to, without changing them.
    """

    name: str
    type_name: str
    arrow: pa.DataType


class Session:
    """The transaction of a load."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def call(self, method: Callable[..., Any], *arguments: Any) -> None:
        """Call a method of the driver, which may wait for a server."""
        method(*arguments)

    def run(
        self, statement: str, values: Sequence[Any] | None = None, /, **parts: str
    ) -> None:
        """Execute a statement."""
        self.call(self.cursor.execute, statement.format(**parts), values)

    def fetch(
        self, statement: str, values: Sequence[Any] | None = None, /, **parts: str
    ) -> Any:
        """Execute a statement, and return its rows."""
        self.run(statement, values, **parts)
        return self.cursor.fetchall()


class Stage(ABC):
    """A table that only this load sees, which holds its rows."""

    create: ClassVar[str] = CREATE

    def __init__(self, session: Session, columns: Sequence[Column]) -> None:
        self.session = session
        self.columns = columns
        self.rows = 0
        session.run(self.create, table=STAGE, definitions=definitions(columns))

    def fill(self, batches: Iterable[pa.RecordBatch], where: str) -> None:
        """Add all batches.

        Raises:
            VerificationError: Rows are missing.
        """
        for batch in batches:
            self.add(batch)
            self.rows += batch.num_rows
        ((arrived,),) = self.session.fetch(COUNT, table=STAGE)
        if arrived != self.rows:
            raise VerificationError(
                f"Of {self.rows} rows that were sent, {arrived} arrived.",
                where,
                "run it again.",
            )

    @abstractmethod
    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""

    @abstractmethod
    def read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows again, in small batches: at least one."""


class Target(ABC):
    """The table that a load writes to."""

    prefix: ClassVar[str] = ""  # of a qualified name
    name_bytes: ClassVar[int | None] = None  # the most that a name may have

    def __init__(
        self, session: Session, table: str, columns: Sequence[Column], where: str
    ) -> None:
        """Find the table, which need not exist.

        Args:
            session: The transaction of the load.
            table: Its name, with or without a schema.
            columns: Those of the load.
            where: The table and the database, for errors.

        Raises:
            DestinationRejectedError: The name has too many parts, or is too long.
        """
        self.session = session
        self.columns = columns
        self.where = where
        schema, _, self.table = table.rpartition(".")
        if not self.table or "." in schema:
            raise DestinationRejectedError(
                "The table's name is not of the form schema.table.",
                where,
                "name a table, with or without its schema.",
            )
        if not POSSIBLE.fullmatch(table):
            raise DestinationRejectedError(
                "The table's name holds a character that no name can have.",
                ascii(where),
                "name a table, with or without its schema.",
            )
        for name in (schema, self.table):
            if self.name_bytes and len(name.encode()) > self.name_bytes:
                raise DestinationRejectedError(
                    f"The name '{name}' has more than {self.name_bytes} bytes.",
                    where,
                    "choose a shorter one: the database would cut this one off.",
                )
        self.schema = schema or self.default_schema()
        self.plain = f"{self.schema}.{self.table}"
        self.name = self.qualified(self.table)
        self.loads = self.qualified(LOADS)

    @abstractmethod
    def default_schema(self) -> str:
        """Return the schema of a table that is named without one."""

    @abstractmethod
    def types(self, table: str) -> dict[str, str]:
        """Return the type of each column by name; none if there is no such table.

        Args:
            table: The name of a table of this schema.
        """

    @abstractmethod
    def fingerprint(self, table: str) -> tuple[int, str]:
        """Return the number of rows, and a hash that doesn't depend on their order.

        Args:
            table: The table as SQL.
        """

    @abstractmethod
    def unique_keys(self) -> list[list[str]]:
        """Return the columns of each unique index."""

    def lock_name(self, name: str) -> None:  # noqa: B027 - not every database needs it
        """Let only one load at a time continue, even if the table doesn't exist yet."""

    def lock_rows(self) -> None:  # noqa: B027 - not every database needs it
        """Keep all others from writing to the table until the transaction ends."""

    def qualified(self, table: str) -> str:
        """Return the name of a table of this schema as SQL."""
        return f"{self.prefix}{quoted(self.schema)}.{quoted(table)}"

    def count(self) -> int:
        """Return the number of rows.

        Raises:
            VerificationError: There is no such table.
        """
        if not self.types(self.table):
            raise missing(self.where)
        ((rows,),) = self.session.fetch(COUNT, table=self.name)
        return int(rows)

    def check_columns(self) -> bool:
        """Return whether the table exists, and raise if it has other columns.

        Raises:
            SchemaChangedError: It has other columns than the load; names the first.
        """
        found = self.types(self.table)
        if found:
            given = {column.name: column.type_name for column in self.columns}
            check_columns(given, found, self.where)
        return bool(found)

    def check_empty(self, load_id: str | None) -> None:
        """Raise if there are rows, unless this load may have written them.

        Raises:
            DestinationExistsError: There are rows.
        """
        if self._has_rows() and not self._known(load_id):
            raise self._exists()

    def take(self, mode: WriteMode, key: list[str], load_id: str | None) -> None:
        """Write the rows of the stage into the table.

        Raises:
            DestinationExistsError: As in `TableDestination.from_batches`.
            DestinationRejectedError: As there.
            SchemaChangedError: As there.
        """
        self.lock_name(self.plain)
        exists = self.check_columns()
        ours = self.fingerprint(STAGE) if load_id else None
        known = self._known(load_id) if exists else None
        if not exists:
            self._make(key)
        elif mode != "append":
            self.lock_rows()
        if mode == "append" and known:
            if known != ours:
                raise DestinationExistsError(
                    "This load has appended other rows to the table before.",
                    self.where,
                    "give each load an id of its own, or append all of its rows at once.",
                )
            return
        if mode == "fail" and self._has_rows():
            # Replace them only if they are exactly those that this load wrote.
            if known is None or known != self.fingerprint(self.name):
                raise self._exists()
            mode = "replace"
        if mode == "replace":
            self.session.run(DELETE, table=self.name)
        if mode == "upsert":
            self._check_unique(key)
        self._insert(key)
        if load_id and ours:
            if not self.types(LOADS):
                self.lock_name(self.loads)
                self.session.run(MAKE_LOADS, loads=self.loads)
            values = (self.plain, load_id, *ours)
            self.session.run(ENTER_LOAD, values, loads=self.loads)

    def _exists(self) -> DestinationExistsError:
        return DestinationExistsError(
            "The table already has rows.",
            self.where,
            'choose another table, or set mode="replace", "append" or "upsert".',
        )

    def _has_rows(self) -> bool:
        if not self.types(self.table):
            return False
        ((found,),) = self.session.fetch(HAS_ROWS, table=self.name)
        return bool(found)

    def _known(self, load_id: str | None) -> tuple[int, str] | None:
        """Return the fingerprint of the rows that this load wrote before, if any."""
        if load_id is None or not self.types(LOADS):
            return None
        values = (self.plain, load_id)
        found = self.session.fetch(FIND_LOAD, values, loads=self.loads)
        return (found[0][0], found[0][1]) if found else None

    def _make(self, key: list[str]) -> None:
        each = definitions(self.columns)
        if key:
            each += f", PRIMARY KEY ({names(key)})"
        self.session.run(CREATE, table=self.name, definitions=each)

    def _check_unique(self, key: list[str]) -> None:
        """Raise unless the key identifies rows, in the table and in the load.

        Raises:
            DestinationRejectedError: It doesn't.
        """
        shown = ", ".join(key)
        absent = set(key) - {column.name for column in self.columns}
        if absent:
            raise DestinationRejectedError(
                f"The key's column '{min(absent)}' isn't in the load.",
                self.where,
                "name columns of the query.",
            )
        if sorted(key) not in [sorted(each) for each in self.unique_keys()]:
            raise DestinationRejectedError(
                f"The table has no unique index on the key ({shown}).",
                self.where,
                "create one on exactly these columns, or name the columns of one.",
            )
        null = " OR ".join(f"{quoted(name)} IS NULL" for name in key)
        if self.session.fetch(NOT_UNIQUE, stage=STAGE, key=names(key), null=null):
            raise DestinationRejectedError(
                f"The load has two rows of one key ({shown}), or one without a key.",
                self.where,
                "let the query return one row for each key.",
            )

    def _insert(self, key: list[str]) -> None:
        every = [column.name for column in self.columns]
        changes = ", ".join(
            f"{quoted(name)} = excluded.{quoted(name)}"
            for name in every
            if name not in key
        )
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        self.session.run(
            INSERT,
            table=self.name,
            names=names(every),
            stage=STAGE,
            conflict=f"ON CONFLICT ({names(key)}) DO {action}" if key else "",
        )


def missing(where: str) -> VerificationError:
    """Return the error for a table that doesn't exist."""
    return VerificationError("There is no such table.", where, "load it again.")


def check_columns(given: dict[str, str], found: dict[str, str], where: str) -> None:
    """Raise unless a table has the columns of a load, in any order.

    Args:
        given: The type of each column of the load, by name.
        found: Those of the table.
        where: The table, for the error.

    Raises:
        SchemaChangedError: It has others; names the first.
    """
    for name in {**found, **given}:
        if given.get(name) != found.get(name):
            raise SchemaChangedError(
                f"The column '{name}' is {given.get(name, 'missing')} in the load "
                f"and {found.get(name, 'missing')} in the table.",
                where,
                "alter the table, or cast and name the columns in the query.",
            )


def quoted(name: str) -> str:
    """Return a name as SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def names(each: Iterable[str]) -> str:
    """Return a list of names as SQL."""
    return ", ".join(map(quoted, each))


def definitions(columns: Iterable[Column]) -> str:
    """Return the definitions of columns as SQL."""
    return ", ".join(f"{quoted(each.name)} {each.type_name}" for each in columns)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds text."""
    return any(fits(kind) for fits in TEXTS)


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether a type holds bytes."""
    return any(fits(kind) for fits in BYTES)


def digits_of(kind: pa.DataType) -> tuple[int, int]:
    """Return precision and scale of a decimal, with a scale from 0 to the precision."""
    scale = max(kind.scale, 0)
    return max(kind.precision - min(kind.scale, 0), scale), scale


def unsupported(name: str, kind: pa.DataType, because: str) -> UnsupportedTypeError:
    """Return the error for a column that the database can't hold exactly."""
    return UnsupportedTypeError(
        f"The column '{name}' ({kind}) can't be written: {because}.",
        f"column '{name}'",
        "cast or rename it in the query.",
    )
