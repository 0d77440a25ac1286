"""The base class of destinations, and the checks that all of them make."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd
import pyarrow as pa

from .connector import Connector
from .exceptions import SchemaChangedError

Check = Callable[[Iterator[pa.RecordBatch]], None]


@dataclass(frozen=True)
class Written:
    """What was written into a file or a table.

    Attributes:
        path: The file or the table, as it was given.
        rows: How many.
        bytes: The file's length; None for a table.
        sha256: Of the file's bytes, in hex; None for a table.
    """

    path: str
    rows: int
    bytes: int | None
    sha256: str | None


class Destination(Connector, ABC):
    """Base class of destinations. A subclass takes batches; the rest follows."""

    @abstractmethod
    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        target: str,
        /,
        *args: Any,
        **options: Any,
    ) -> Written:
        """Write batches into one target: all of them, or none.

        Args:
            batches: At least one, which may have no rows; all of one schema.
            target: A path or a table.
            args: None: options are passed by name.
            options: Those of the subclass, and these. `load_id` names the load; if it
                is kept with the data, a retry after a lost answer succeeds and changes
                nothing twice. `verify_bytes` says whether to verify that the data
                arrived as it was sent. `check` is called with the batches, read back
                before readers can see them; if it raises, they stay hidden.

        Raises:
            DestinationExistsError: The target has data that the options protect.
            DestinationUnavailableError: No connection; a retry may help.
            VerificationError: The data that arrived differs from the data sent.
            FatalError: One of its subclasses; a retry will not help.
        """

    @abstractmethod
    def verify(self, written: Written) -> None:
        """Check, at any later time, that what was written is still there.

        Args:
            written: What `from_batches` returned, or a load's manifest.

        Raises:
            VerificationError: It changed, or is missing.
            DestinationUnavailableError: No connection; a retry may help.
        """

    @abstractmethod
    def check_verifiable(self, target: str) -> None:
        """Raise unless data written to `target` can be read back exactly.

        Raises:
            FatalError: One of its subclasses.
        """

    def from_df(self, df: pd.DataFrame, target: str, /, **options: Any) -> Written:
        """Write a data frame, without its index. As `from_batches`.

        An empty frame still writes its schema.
        """
        table = pa.Table.from_pandas(df, preserve_index=False)
        table = table.replace_schema_metadata(None)
        empty = pa.RecordBatch.from_pylist([], schema=table.schema)
        return self.from_batches(table.to_batches() or [empty], target, **options)


def begin(
    batches: Iterable[pa.RecordBatch], target: str
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the schema, and all batches, which are checked as they pass.

    Args:
        batches: At least one, which may have no rows.
        target: The path or the table, for errors.

    Raises:
        SchemaChangedError: A batch differs from the first one, while they pass; names
            the column.
    """
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        msg = "a destination needs a batch to know the columns, even an empty one"
        raise ValueError(msg)

    def checked() -> Iterator[pa.RecordBatch]:
        for batch in chain([first], remaining):
            _check_schema(first.schema, batch.schema, target)
            yield batch

    return first.schema, checked()


def _check_schema(expected: pa.Schema, given: pa.Schema, target: str) -> None:
    if given.equals(expected):
        return
    was: dict[str, Any] = {field.name: field.type for field in expected}
    is_now: dict[str, Any] = {field.name: field.type for field in given}
    name = next(
        (name for name in {**was, **is_now} if was.get(name) != is_now.get(name)), None
    )
    if name is None:
        raise SchemaChangedError(
            "The columns changed their order between two batches.",
            target,
            "name the columns in the query.",
        )
    raise SchemaChangedError(
        f"The column '{name}' changed from {was.get(name, 'missing')} "
        f"to {is_now.get(name, 'missing')} between two batches.",
        target,
        "give the column one type in the query, for example by a cast.",
    )
