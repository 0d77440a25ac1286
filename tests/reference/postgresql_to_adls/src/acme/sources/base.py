"""Base classes: what every source and every destination has in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
import logging
import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from acme.checksums import Checksums
from acme.config import get_source_credentials
from acme.exceptions import (
    ConnectorError,
    CredentialError,
    EmptyResultError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedFormatError,
    UnsupportedTypeError,
    VerificationError,
)
from acme.formats import (
    Written,
    check_suffix,
)
from acme.queries import QueryWriter
from acme.signals import SKIP
from acme.utils import require_extra

if TYPE_CHECKING:
    import polars as pl

IfEmpty = Literal["warn", "skip", "fail"]
Check = Callable[[Iterator[pa.RecordBatch]], None]

BATCH_BYTES = 2 * 1024 * 1024  # as large as what a processor core has for its own
FIRST_ROWS = 100  # how many a SQL source fetches before it knows how long they are
FASTEST_GROWTH = 5  # of a batch's rows, over those of the one before
CONNECT_SECONDS = 10
STALE_AFTER = timedelta(days=1)  # nobody writes to a partial file any more


class Credentials(BaseModel):
    """What a connector needs to connect; secret fields are `SecretStr`.

    An unknown field is an error, since it is most often a misspelt one. No error shows
    the values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Connector:
    """What has credentials: either a config key's, or given ones.

    Its `repr` shows the config key only.
    """

    credentials_model: ClassVar[type[Credentials]]
    requires: ClassVar[tuple[str, str] | None] = None  # a module, and its extra

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
    ) -> None:
        """Validate the credentials; connect to nothing.

        Args:
            config_key: The key in the configuration that holds the credentials.
            credentials: The fields of `credentials_model`.

        Raises:
            MissingExtraError: What the connector requires isn't installed.
            ConfigError: There is no such config key.
            CredentialError: Neither or both are given, or a field is missing, unknown
                or of the wrong type; names the field.
        """
        name = type(self).__name__
        if self.requires:
            require_extra(name, *self.requires)
        if (config_key is None) == (credentials is None):
            given = "Neither is" if config_key is None else "Both are"
            raise CredentialError(
                f"{name} takes either `config_key` or `credentials`. {given} given.",
                name,
                "give exactly one of them.",
            )
        self.config_key = config_key
        self.place = f"config key '{config_key}'" if config_key else "given credentials"
        self.logger = logging.getLogger(type(self).__module__)
        fields = get_source_credentials(config_key) if config_key else credentials
        try:
            self.credentials = self.credentials_model.model_validate(fields)
        except ValidationError as err:
            problems = "; ".join(
                f"{'.'.join(map(str, error['loc'])) or 'all'}: {error['msg']}"
                for error in err.errors(include_input=False, include_context=False)
            )
            raise CredentialError(
                f"The credentials of {name} are not complete and valid: {problems}.",
                self.place,
                f"fields: {', '.join(self.credentials_model.model_fields)}.",
            ) from err

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place})"


class Source(Connector, ABC):
    """What reads. A subclass gives batches; the rest follows from them."""

    has_checksums: ClassVar[bool] = False  # whether a reading can sum up its query

    @abstractmethod
    def to_batches(
        self, query: str, *, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        A batch may be longer by a row, so a row that is longer is a batch. Columns keep
        the query's order. A result without rows is one empty batch, so that a
        destination always learns the columns.

        Raises:
            SourceUnavailableError: No connection, or a broken one; a retry may help.
            FatalError: One of its subclasses; a retry will not help.
        """

    @contextmanager
    def snapshot(self) -> Iterator["Reading"]:
        """Give what a load reads from: where the source can, one state of its data.

        Raises:
            ConnectorError: As in `to_batches`.
        """
        yield Reading(self)

    def to_arrow(self, query: str, *, if_empty: IfEmpty = "warn") -> pa.Table:
        """Return the result of `query` as one table.

        Args:
            query: As in `to_batches`.
            if_empty: What to do where there are no rows: warn and return the empty
                table, raise `SKIP`, or fail.

        Raises:
            EmptyResultError: There are no rows, and `if_empty` is "fail".
            SKIP: There are no rows, and `if_empty` is "skip".
            ConnectorError: As in `to_batches`.
        """
        table = pa.Table.from_batches(self.to_batches(query))
        if table.num_rows == 0:
            self._handle_if_empty(if_empty)
        return table

    def to_df(self, query: str, *, if_empty: IfEmpty = "warn") -> pd.DataFrame:
        """Return the result of `query` as a data frame of Arrow-backed columns.

        The columns keep their Arrow types (`pandas.ArrowDtype`): a nullable integer
        stays an integer, a numeric stays exact, NULL is `pandas.NA`.

        Args:
            query: As in `to_batches`.
            if_empty: As in `to_arrow`.

        Raises:
            ConnectorError: As in `to_arrow`.
            SKIP: As in `to_arrow`.
        """
        table = self.to_arrow(query, if_empty=if_empty)
        df: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return df

    def to_polars(self, query: str, *, if_empty: IfEmpty = "warn") -> "pl.DataFrame":
        """Return the result of `query` as a Polars data frame.

        Args:
            query: As in `to_batches`.
            if_empty: As in `to_arrow`.

        Raises:
            MissingExtraError: Polars isn't installed.
            UnsupportedTypeError: A column is a decimal of more than 38 digits, which
                Polars doesn't have; names it.
            ConnectorError: As in `to_arrow`.
            SKIP: As in `to_arrow`.
        """
        require_extra("to_polars", "polars", "polars")
        import polars as pl  # noqa: PLC0415 - an extra

        table = self.to_arrow(query, if_empty=if_empty)
        for field in table.schema:
            if pa.types.is_decimal256(field.type):
                raise UnsupportedTypeError(
                    f"Polars has nothing for column '{field.name}' ({field.type}).",
                    self.place,
                    "cast the column to text in the query.",
                )
        return pl.DataFrame(table)

    def _handle_if_empty(self, if_empty: IfEmpty) -> None:
        message = "The query gave no rows."
        if if_empty == "skip":
            raise SKIP(message)
        if if_empty == "fail":
            raise EmptyResultError(
                message, self.place, "check the query, or allow it with `if_empty`."
            )
        self.logger.warning("%s Where: %s.", message, self.place)


class Reading:
    """What one load reads from. This one promises no more than its source does."""

    def __init__(self, source: Source) -> None:
        """Read from a source."""
        self.source = source

    @property
    def id(self) -> str | None:
        """The state of the data that is read, as the source names it, if it does."""
        return None

    def to_batches(
        self, query: str, *, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query`. As `Source.to_batches`."""
        return self.source.to_batches(query, batch_bytes=batch_bytes)

    def checksums(self, query: str) -> Checksums:
        """Return the checksums of the result of `query`, computed by the source.

        Raises:
            NotImplementedError: The source doesn't have `has_checksums`.
            UnsupportedTypeError: A column has no checksum; names it.
            ConnectorError: As in `to_batches`.
        """
        raise NotImplementedError


class SQL(QueryWriter, Source):
    """A source behind SQLAlchemy, read through a cursor on the server's side.

    A subclass gives the address, and what its database says about types and errors.
    """

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        query_timeout: int = 60 * 60,
    ) -> None:
        """Validate the credentials; connect to nothing.

        Args:
            config_key: The key in the configuration that holds the credentials.
            credentials: The fields of `credentials_model`.
            query_timeout: Seconds after which the database shall give up a statement.

        Raises:
            MissingExtraError: As in `Connector`.
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`.
        """
        super().__init__(config_key=config_key, credentials=credentials)
        self.query_timeout = query_timeout

    @property
    @abstractmethod
    def url(self) -> URL:
        """The database's address. Its `str` hides the password."""

    @property
    def address(self) -> str:
        """Host, port and database, for messages."""
        host = f"{self.url.host}:{self.url.port}/" if self.url.host else ""
        return f"{host}{self.url.database} ({self.place})"

    def create_engine(self) -> Engine:
        """Return a new engine; connections are not kept when they are closed."""
        return create_engine(
            self.url,
            hide_parameters=True,
            poolclass=NullPool,
            pool_reset_on_return=None,  # a connection that is closed needs no rollback
            **self.engine_options(),
        )

    def engine_options(self) -> dict[str, Any]:
        """Return further options for the engine, for example timeouts."""
        return {}

    def column_types(
        self,
        cursor: Any,
        query: str,  # noqa: ARG002 - for those whose cursor tells no types
    ) -> list[pa.DataType | None]:
        """Return the Arrow type of each column, or None to take it from the values.

        Args:
            cursor: The DB-API cursor, which has run the query and given no row yet.
            query: As it was run.
        """
        return [None] * len(cursor.description)

    def abandon(self, connection: Connection, cursor: Any) -> None:
        """Leave the rest of a result unread. The connection is closed next."""

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return what an error of the database means for the caller.

        Args:
            error: What the driver raised.
            connected: Whether there is a connection, still.
        """
        kind = QueryRejectedError if connected else SourceUnavailableError
        return kind(
            f"The database said: {first_line(error)}.",
            self.address,
            "correct the query." if connected else "check that the database runs.",
        )

    def to_batches(
        self, query: str, *, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `Source.to_batches`, but that the bytes of a batch are estimated from the
        rows of the one before. The query runs as it stands: it takes no parameters, and
        neither `%` nor `:name` means anything in it. `bind` writes values into one.

        Raises:
            SourceUnavailableError: No connection, or a broken one; a retry may help.
            CredentialError: The database refused the user.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A column can't be had exactly; names it.
        """
        options = {
            "max_row_buffer": FIRST_ROWS,
            "no_parameters": True,
            "stream_results": True,
        }
        engine = self.create_engine()
        connected = False
        try:
            with engine.connect().execution_options(**options) as connection:
                connected = True
                result = connection.exec_driver_sql(query)
                cursor = result.cursor
                if cursor is None:
                    raise QueryRejectedError(
                        "The query gives no columns.", self.address, "name some."
                    )
                try:
                    names = self.check_names(list(result.keys()))
                    batch = self.first_batch(result, names, query, batch_bytes)
                    yield batch
                    # The driver's own rows are cheaper than those of SQLAlchemy, which
                    # holds none back, and closed the cursor if those were the last.
                    while result.cursor and (
                        rows := self._fetch(
                            connection, cursor, fitting_rows(batch, batch_bytes)
                        )
                    ):
                        batch = self.to_batch(names, batch.schema.types, rows)
                        yield batch
                finally:
                    self.abandon(connection, cursor)
        except DBAPIError as err:
            connected = connected and not err.connection_invalidated
            raise self.explain(err.orig or err, connected=connected) from err
        except (OverflowError, ValueError) as err:
            raise UnsupportedTypeError(
                f"The driver can't hold a value: {err}.",
                self.address,
                "cast the column to text in the query.",
            ) from err
        finally:
            engine.dispose()

    def _fetch(self, connection: Connection, cursor: Any, count: int) -> Sequence[Any]:
        """Return the next rows as the driver gives them, or none at the end.

        Raises:
            ConnectorError: As in `explain`.
        """
        dialect = connection.dialect
        try:
            rows: Sequence[Any] = cursor.fetchmany(count)
        except dialect.loaded_dbapi.Error as err:
            lost = dialect.is_disconnect(err, connection.connection, cursor)
            raise self.explain(err, connected=not lost) from err
        return rows

    def check_names(self, names: list[str]) -> list[str]:
        """Return the names of a result's columns.

        Raises:
            QueryRejectedError: Two columns have one name.
        """
        for name in names:
            if names.count(name) > 1:
                raise QueryRejectedError(
                    f"The query gives two columns named '{name}'.",
                    self.address,
                    "rename one of them with AS.",
                )
        return names

    def first_batch(
        self,
        result: CursorResult[Any],
        names: list[str],
        query: str,
        batch_bytes: int,  # noqa: ARG002 - for those that look further ahead
    ) -> pa.RecordBatch:
        """Return the first rows, by which the types of all columns are fixed.

        Args:
            result: Of the query; no row was fetched yet.
            names: Of its columns.
            query: As it was run.
            batch_bytes: How long the batch may be.

        Raises:
            UnsupportedTypeError: A column can't be had exactly; names it.
        """
        types = self.column_types(result.cursor, query)
        return self.to_batch(names, types, result.fetchmany(FIRST_ROWS))

    def to_batch(
        self, names: list[str], types: Iterable[pa.DataType | None], rows: Any
    ) -> pa.RecordBatch:
        """Return rows as a batch.

        Args:
            names: Of the columns.
            types: Of the columns; None to take one from the values.
            rows: As the driver gave them.

        Raises:
            UnsupportedTypeError: As in `to_array`.
        """
        arrays = [
            self.to_array(name, kind, [row[place] for row in rows])
            for place, (name, kind) in enumerate(zip(names, types, strict=True))
        ]
        return pa.RecordBatch.from_arrays(arrays, names=names)

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, as the driver gave them.

        Raises:
            UnsupportedTypeError: The type can't hold one exactly; names the column.
        """
        try:
            return pa.array(values, type=kind)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as err:
            raise UnsupportedTypeError(
                f"The column '{name}' holds a value that the type "
                f"{kind or 'of its other values'} can't hold exactly.",
                self.address,
                "cast the column to text in the query.",
            ) from err


class Destination(Connector, ABC):
    """What writes. A subclass takes batches; the rest follows from that."""

    @abstractmethod
    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        target: str,
        /,
        *args: Any,
        **options: Any,
    ) -> Written:
        """Write batches into one target, which they reach whole or not at all.

        Args:
            batches: At least one, which may have no rows; all of one schema.
            target: A path or a table.
            args: None: options are named.
            options: What the subclass takes, and of each subclass these. `load_id`
                names the load; where it is kept with what is written, a retry after a
                lost answer succeeds and changes nothing twice. `verify_bytes` says
                whether to make sure that what arrived is what was sent. `check` is
                given the batches, read back from where readers don't see them; where
                it raises, they stay unseen.

        Raises:
            DestinationExistsError: There is something that the options protect.
            DestinationUnavailableError: No connection; a retry may help.
            VerificationError: What arrived isn't what was sent.
            FatalError: One of its subclasses; a retry will not help.
        """

    @abstractmethod
    def verify(self, written: Written) -> None:
        """Look again at what was written, at any later time.

        Args:
            written: What `from_batches` returned, or a load's manifest.

        Raises:
            VerificationError: It is something else, or is missing.
            DestinationUnavailableError: No connection; a retry may help.
        """

    @abstractmethod
    def check_verifiable(self, target: str) -> None:
        """Make sure that what is written there can be read back exactly.

        Raises:
            FatalError: One of its subclasses: it can't.
        """

    def from_df(self, df: pd.DataFrame, target: str, /, **options: Any) -> Written:
        """Write a data frame, without its index. As `from_batches`.

        Of a frame without rows its columns are written.
        """
        table = pa.Table.from_pandas(df, preserve_index=False)
        table = table.replace_schema_metadata(None)
        empty = pa.RecordBatch.from_pylist([], schema=table.schema)
        return self.from_batches(table.to_batches() or [empty], target, **options)


class FileDestination(Destination):
    """What writes files."""

    @abstractmethod
    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        *,
        overwrite: bool = False,
        load_id: str | None = None,
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        """Write batches into one file, which appears whole at `path` or not at all.

        Args:
            batches: At least one, which may have no rows; all of one schema.
            path: Where to write. Its suffix gives the format: .parquet, .csv or .jsonl.
            overwrite: Whether to replace a file that is there.
            load_id: Names this load. Where the destination keeps it with the file,
                what a former attempt of the same load left there is replaced even
                without `overwrite`, so that a retry after a lost answer succeeds.
            verify_bytes: Whether to make sure that the bytes which arrived are those
                that were sent, before the file appears.
            check: Is given the batches of the Parquet file, read back from a place
                that readers pass over. Where it raises, the file doesn't appear.

        Raises:
            DestinationExistsError: There is a file, and `overwrite` is False.
            DestinationUnavailableError: No connection; a retry may help.
            VerificationError: What arrived isn't what was sent.
            FatalError: One of its subclasses; a retry will not help.
        """

    @abstractmethod
    def blocks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file, in blocks.

        Raises:
            VerificationError: There is no such file, or it can't be read.
            DestinationUnavailableError: No connection; a retry may help.
        """

    def verify(self, written: Written) -> None:
        """Read a file again, and compare its bytes with those that were written.

        Args:
            written: What `from_batches` returned, or a load's manifest.

        Raises:
            VerificationError: The file has other bytes, or is missing.
            DestinationUnavailableError: No connection; a retry may help.
        """
        found = sha256()
        for block in self.blocks(written.path):
            found.update(block)
        if found.hexdigest() != written.sha256:
            raise VerificationError(
                f"The file's bytes changed: their SHA-256 was {written.sha256} "
                f"and is {found.hexdigest()}.",
                f"{written.path}, {self.place}",
                "load it again, and find out who wrote to it.",
            )

    def check_verifiable(self, target: str) -> None:
        """Make sure that a file of this name keeps types. As `Destination`'s.

        Raises:
            UnsupportedFormatError: It isn't Parquet.
        """
        if check_suffix(target) != ".parquet":
            raise UnsupportedFormatError(
                "Only a Parquet file gives each value back as it was, to be compared.",
                target,
                'use .parquet, or load with verify="bytes".',
            )


def partial_path(path: str, load_id: str) -> str:
    """Return where a load writes what is checked before it appears at `path`.

    It is beside it, under a name that no other load has, and that readers pass over.
    """
    own = sha256(load_id.encode()).hexdigest()[:32]
    return f"{partial_start(path)}{own}.partial"


def partial_start(path: str) -> str:
    """Return what the partial paths of all loads into `path` begin with."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}_{name}."


def is_stale(found: str, start: str, modified: datetime) -> bool:
    """Say whether a killed load left a file, a day ago or any time before.

    Args:
        found: The file's path, which begins with `start`.
        start: What `partial_start` gives.
        modified: When the file was last written, with its zone.
    """
    own = re.fullmatch(r"[0-9a-f]{32}\.partial", found.removeprefix(start))
    return bool(own) and modified < datetime.now(UTC) - STALE_AFTER


def fitting_rows(batch: pa.RecordBatch, batch_bytes: int) -> int:
    """Return how many rows like these are as long as a batch may be.

    A batch has no more than a few times the rows of the one before: those that come may
    be longer.
    """
    fitting: int = batch_bytes * batch.num_rows // max(1, batch.nbytes)
    most: int = FASTEST_GROWTH * batch.num_rows
    return max(1, min(fitting, most))


def first_line(error: BaseException) -> str:
    """Return the first line of what the driver said, without its last full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")
