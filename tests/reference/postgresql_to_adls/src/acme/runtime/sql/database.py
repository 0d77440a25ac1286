"""The base class of databases that are read by SQL, with any driver."""

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, ClassVar, TypeVar

import pyarrow as pa

from ..connector import CONNECT_SECONDS
from ..exceptions import (
    ConnectorError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from ..source import Source, fitting_rows
from ..values import to_array
from ..waiting import OverdueError, read_ahead, wait_for
from .queries import QueryWriter

T = TypeVar("T")


class Database(QueryWriter, Source):
    """A database that is read by SQL.

    Attributes:
        title: The database's name in messages.
        as_text: How a query casts a column to text; `{}` is the quoted name.
    """

    title: ClassVar[str] = "The database"
    as_text: str = "CAST({} AS VARCHAR)"

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
            query_timeout: Seconds after which a query is stopped.

        Raises:
            MissingExtraError: As in `Connector`.
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`.
        """
        super().__init__(config_key=config_key, credentials=credentials)
        self.query_timeout = query_timeout

    @abstractmethod
    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for a driver's error.

        Args:
            error: What the driver raised.
            connected: Whether there was a connection at that time.
        """

    def opened(self, connect: Callable[[], T], seconds: float | None = None) -> T:
        """Return the connection that `connect` opens.

        Args:
            connect: A function of the driver.
            seconds: The driver's own limit, by default `CONNECT_SECONDS`. Its error is
                better than ours, so it has a second more.

        Raises:
            SourceUnavailableError: It took longer.
        """
        seconds = seconds or CONNECT_SECONDS
        try:
            return wait_for(connect, seconds=seconds + 1)
        except OverdueError as err:
            raise SourceUnavailableError(
                f"There was no connection within {seconds} seconds.",
                self.address,
                "check host and port, and that the server runs.",
            ) from err

    def ahead(
        self,
        batches: Generator[pa.RecordBatch, None, None],
        cancel: Callable[[], None] = lambda: None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches, which are read ahead in a thread.

        Args:
            batches: It closes its connection at its end.
            cancel: As in `read_ahead`.

        Raises:
            SourceUnavailableError: It took longer than `query_timeout`.
        """

        def produce(put: Callable[[pa.RecordBatch], None]) -> None:
            with closing(batches):
                for batch in batches:
                    put(batch)

        read = read_ahead(produce, cancel=cancel, seconds=self.query_timeout)
        try:
            with closing(read):
                yield from read
        except OverdueError as err:
            raise self.took_too_long() from err

    def took_too_long(self) -> SourceUnavailableError:
        """Return the error of a query that took longer than `query_timeout`."""
        return SourceUnavailableError(
            f"The query took longer than {self.query_timeout} seconds.",
            self.address,
            "try again, or raise query_timeout.",
        )

    @contextmanager
    def explained(self, *driver_errors: type[Exception]) -> Iterator[None]:
        """Replace the errors of a driver that reads rows by the connector's.

        Args:
            driver_errors: The classes of the driver's own errors.

        Raises:
            UnsupportedTypeError: The driver can't convert a value to Python's.
            ConnectorError: As in `explain`.
        """
        try:
            yield
        except driver_errors as err:
            raise self.explain(err, connected=True) from err
        except (OverflowError, ValueError) as err:  # a date before the year 1
            raise UnsupportedTypeError(
                f"The driver can't hold a value: {err}.",
                self.address,
                "cast the column to text in the query.",
            ) from err

    def check_names(self, names: list[str]) -> list[str]:
        """Return the names of a result's columns.

        Raises:
            QueryRejectedError: There are none, or two columns have the same name.
        """
        if not names:
            raise QueryRejectedError(
                "The query returns no columns.", self.address, "name some."
            )
        for name in names:
            if names.count(name) > 1:
                raise QueryRejectedError(
                    f"The query returns two columns named '{name}'.",
                    self.address,
                    "rename one of them with AS.",
                )
        return names

    def batches(
        self,
        first: pa.RecordBatch,
        fetch: Callable[[int], Sequence[Any]],
        batch_bytes: int | None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the first batch, and the other rows in batches of about `batch_bytes`.

        Args:
            first: It fixes the names and types of the columns.
            fetch: Returns the next rows, at most as many as its argument.
            batch_bytes: As in `Source.to_batches`.
        """
        batch = first
        yield batch
        while rows := fetch(fitting_rows(batch, batch_bytes)):
            batch = self.to_batch(first.schema.names, first.schema.types, rows)
            yield batch

    def to_batch(
        self, names: list[str], types: Iterable[pa.DataType | None], rows: Any
    ) -> pa.RecordBatch:
        """Return rows as a batch.

        Args:
            names: The columns' names.
            types: The columns' types, as in `to_array`.
            rows: As the driver returned them.

        Raises:
            UnsupportedTypeError: As in `to_array`.
        """
        arrays = [
            self.to_array(name, kind, [row[place] for row in rows])
            for place, (name, kind) in enumerate(zip(names, types, strict=True))
        ]
        return pa.RecordBatch.from_arrays(arrays, names=names)

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, as the driver returned them.

        Raises:
            UnsupportedTypeError: The type can't hold one exactly; names the column.
        """
        try:
            return to_array(kind, values)
        except ValueError as err:
            raise self.unsupported(
                name, f"holds a value that the type {kind} can't hold exactly"
            ) from err

    def unsupported(
        self, name: str, problem: str, cast: str | None = None
    ) -> UnsupportedTypeError:
        """Return the error of a column, which names a cast that avoids it.

        Args:
            name: The column's name.
            problem: The end of a sentence that begins with the column.
            cast: `as_text` by default.
        """
        return UnsupportedTypeError(
            f"The column '{name}' {problem}.",
            self.address,
            f"write {(cast or self.as_text).format(self.notation.quoted(name))} "
            "in the query.",
        )
