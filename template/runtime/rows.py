"""The base class of sources that yield rows, for anything that no other kind covers."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

import pyarrow as pa

from .exceptions import SchemaChangedError, UnsupportedTypeError
from .source import FIRST_ROWS, Source, fitting_rows


class RowSource(Source):
    """Base class of sources that yield rows. A subclass has `schema` and `rows`.

    Attributes:
        schema: The columns, with the type of each.
    """

    schema: ClassVar[pa.Schema]

    @abstractmethod
    def rows(self, query: str) -> Iterator[Mapping[str, Any]]:
        """Yield each row: the value of every column by its name, None for NULL.

        Close what is open between rows in a `finally`, or by a `with`: if reading stops
        early, the generator is closed at a `yield`.

        Raises:
            SourceUnavailableError: No connection, or a broken one; a retry may help.
            FatalError: One of its subclasses; a retry will not help.
        """

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of about `batch_bytes`.

        As `Source.to_batches`, but the size of a batch is estimated from the rows of
        the previous one.

        Raises:
            SchemaChangedError: A row lacks a column, or has an undeclared one.
            UnsupportedTypeError: A value isn't of its column's type; names the column.
            ConnectorError: As in `rows`.
        """
        rows = iter(self.rows(query))
        count, most = 0, FIRST_ROWS
        try:
            while found := list(islice(rows, most)):
                batch = self._batch(found, count)
                yield batch
                count += len(found)
                most = fitting_rows(batch, batch_bytes)
        finally:
            close = getattr(rows, "close", None)
            if close:
                close()
        if not count:
            yield pa.RecordBatch.from_pylist([], schema=self.schema)

    def _batch(self, rows: Sequence[Mapping[str, Any]], before: int) -> pa.RecordBatch:
        names = set(self.schema.names)
        for number, row in enumerate(rows, before + 1):
            if row.keys() != names:
                first = min(map(str, row.keys() ^ names))
                verb = "lacks" if first in names else "has the undeclared column"
                raise SchemaChangedError(
                    f"Row {number} {verb} '{first}'.",
                    self.place,
                    "yield every column of `schema`, and no other.",
                )
        columns = [
            self._column(field, [row[field.name] for row in rows])
            for field in self.schema
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _column(self, field: pa.Field, values: list[Any]) -> pa.Array:
        try:
            return pa.array(values, type=field.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            # From None: Arrow's message quotes the value.
            raise UnsupportedTypeError(
                f"The column '{field.name}' holds a value that the type {field.type} "
                "can't hold exactly.",
                self.place,
                "convert the value in `rows`, or declare another type in `schema`.",
            ) from None
