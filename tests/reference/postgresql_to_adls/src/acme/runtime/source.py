"""The base classes of sources, and of what a load reads from."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd
import pyarrow as pa

from .checksums import Checksums
from .connector import Connector
from .exceptions import EmptyResultError, UnsupportedTypeError
from .extras import require_extra
from .signals import SKIP

if TYPE_CHECKING:
    import polars as pl

IfEmpty = Literal["warn", "skip", "fail"]

BATCH_BYTES = 2 * 1024 * 1024  # fits the cache of one processor core
LONGEST_BATCH_BYTES = 4 * BATCH_BYTES
FEW_COLUMNS = 50
FIRST_ROWS = 100  # how many a source fetches before it knows their size
FASTEST_GROWTH = 5  # a batch's rows at most, over those of the previous batch


class Source(Connector, ABC):
    """Base class of sources. A subclass yields batches; the rest follows from them.

    Attributes:
        has_checksums: Whether a reading can compute the checksums of a query.
    """

    has_checksums: ClassVar[bool] = False

    @abstractmethod
    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        By default, `batch_limit` decides. A batch may exceed the limit by one row; an
        oversized row is a batch of its own. Columns keep the query's order. An empty
        result is one empty batch, so that a destination always learns the columns.

        Raises:
            SourceUnavailableError: No connection, or a broken one; a retry may help.
            FatalError: One of its subclasses; a retry will not help.
        """

    @contextmanager
    def snapshot(self) -> Iterator["Reading"]:
        """Yield what a load reads from: one state of the data, if the source has any.

        Raises:
            ConnectorError: As in `to_batches`.
        """
        yield Reading(self)

    def to_arrow(self, query: str, *, if_empty: IfEmpty = "warn") -> pa.Table:
        """Return the result of `query` as one table.

        Args:
            query: As in `to_batches`.
            if_empty: What to do if there are no rows: warn and return the empty table,
                raise `SKIP`, or fail.

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
        import polars as pl  # noqa: PLC0415 - optional

        table = self.to_arrow(query, if_empty=if_empty)
        for field in table.schema:
            if pa.types.is_decimal256(field.type):
                raise UnsupportedTypeError(
                    f"Polars has no type for column '{field.name}' ({field.type}).",
                    self.place,
                    "cast the column to text in the query.",
                )
        return pl.DataFrame(table)

    def _handle_if_empty(self, if_empty: IfEmpty) -> None:
        message = "The query returned no rows."
        if if_empty == "skip":
            raise SKIP(message)
        if if_empty == "fail":
            raise EmptyResultError(
                message, self.place, "check the query, or allow it with `if_empty`."
            )
        self.logger.warning("%s Where: %s.", message, self.place)


class Reading:
    """What one load reads from. This class guarantees no more than its source does."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @property
    def id(self) -> str | None:
        """The source's name for the state of its data, or None."""
        return None

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
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


def batch_limit(batch_bytes: int | None, columns: int) -> int:
    """Return `batch_bytes`, or the default for so many columns.

    Every column of a batch has a fixed cost, so wide batches are longer: `BATCH_BYTES`
    up to `FEW_COLUMNS`, in proportion above, and `LONGEST_BATCH_BYTES` at most.
    """
    if batch_bytes is not None:
        return batch_bytes
    in_proportion = BATCH_BYTES * columns // FEW_COLUMNS
    return min(max(BATCH_BYTES, in_proportion), LONGEST_BATCH_BYTES)


def fitting_rows(batch: pa.RecordBatch, batch_bytes: int | None) -> int:
    """Return how many rows of this size fit into a batch.

    The number grows no faster than `FASTEST_GROWTH`, since the next rows may be longer.
    """
    limit = batch_limit(batch_bytes, batch.num_columns)
    fitting: int = limit * batch.num_rows // max(1, batch.nbytes)
    most: int = FASTEST_GROWTH * batch.num_rows
    return max(1, min(fitting, most))
