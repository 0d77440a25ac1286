"""What destinations that write tables have in common."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

import pyarrow as pa

from acme.exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    SchemaChangedError,
    VerificationError,
)
from acme.formats import (
    Written,
    check_schema,
)
from acme.sources.base import (
    Check,
    Destination,
)

WriteMode = Literal["fail", "replace", "append", "upsert"]

LOADS = "connector_loads"  # the table that says which load wrote what


class TableDestination(Destination):
    """What writes tables.

    The modes differ in what becomes of rows that are there already. "fail" writes into
    a new or an empty table, and refuses another. "replace" puts the rows in the place of
    all others. "append" adds them. "upsert" puts each in the place of the row that has
    the same key, or adds it; the key needs a unique index. All but "upsert" into a new
    table make it without any index.

    A load that has an id is entered in the table `connector_loads` beside its own, in
    the same transaction, so that a retry finds out what its former attempt did.
    """

    @abstractmethod
    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        table: str,
        *,
        mode: WriteMode = "fail",
        key: list[str] | None = None,
        load_id: str | None = None,
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        """Write batches into one table, in one transaction.

        Args:
            batches: At least one, which may have no rows; all of one schema.
            table: As `schema.table`, or without a schema.
            mode: What becomes of rows that are there, as the class says.
            key: The columns that tell rows apart, for "upsert" and no other mode.
            load_id: Names this load. What a former attempt of the same load appended
                isn't appended again; what it wrote into an empty table is replaced.
                Where it appended other rows, the load is refused.
            verify_bytes: Changes nothing: rows are counted always.
            check: Is given the rows, read back within the transaction.

        Raises:
            DestinationExistsError: There are rows, and `mode` is "fail"; or this load
                has appended other rows before.
            DestinationRejectedError: The key has no unique index, or isn't unique.
            DestinationUnavailableError: No connection, or a lock; a retry may help.
            SchemaChangedError: The table has other columns; names the first.
            UnsupportedTypeError: A column has no exact type; names it.
            VerificationError: What arrived isn't what was sent.
        """

    @abstractmethod
    def count(self, table: str) -> int:
        """Return the number of rows of a table.

        Raises:
            VerificationError: There is no such table.
            DestinationUnavailableError: No connection; a retry may help.
        """

    def verify(self, written: Written) -> None:
        """Compare the number of rows with that of a load which made or replaced them.

        As `Destination.verify`. After other loads of the table, it differs.
        """
        found = self.count(written.path)
        if found != written.rows:
            raise VerificationError(
                f"The table has {found} rows, and {written.rows} were written.",
                f"{written.path}, {self.place}",
                "load it again, and find out who wrote to it.",
            )

    def check_verifiable(self, target: str) -> None:
        """Nothing to make sure of: a table gives its rows back."""

    def check_key(self, mode: WriteMode, key: list[str] | None, table: str) -> None:
        """Make sure that a key is given where it is needed, and nowhere else.

        Raises:
            DestinationRejectedError: It isn't.
        """
        if bool(key) != (mode == "upsert"):
            raise DestinationRejectedError(
                f'The mode "{mode}" {"takes no" if key else "needs a"} key.',
                f"{table}, {self.place}",
                'give `key` with mode="upsert", and with no other.',
            )

    def exists(self, table: str) -> DestinationExistsError:
        """Return the error for a table that has rows."""
        return DestinationExistsError(
            "The table has rows already.",
            f"{table}, {self.place}",
            'choose another table, or set mode="replace", "append" or "upsert".',
        )

    def appended_before(self, table: str) -> DestinationExistsError:
        """Return the error for a load that appended other rows to the table before."""
        return DestinationExistsError(
            "This load has appended other rows to the table before.",
            f"{table}, {self.place}",
            "give each load an id of its own, or append all of its rows at once.",
        )


def begin(
    batches: Iterable[pa.RecordBatch], table: str
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the columns, and all batches, which are looked at as they pass.

    Raises:
        SchemaChangedError: A batch differs from the first one, while they pass.
    """
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        msg = "from_batches() needs a batch to know the columns, even an empty one"
        raise ValueError(msg)

    def checked() -> Iterator[pa.RecordBatch]:
        for batch in chain([first], remaining):
            check_schema(first.schema, batch.schema, table)
            yield batch

    return first.schema, checked()


def check_columns(given: dict[str, str], there: dict[str, str], where: str) -> None:
    """Make sure that a table has the columns that are to be written, in any order.

    Args:
        given: The type of each column that is to be written, by name.
        there: Those of the table.
        where: The table, for the error.

    Raises:
        SchemaChangedError: It has others; names the first.
    """
    for name in {**there, **given}:
        if given.get(name) != there.get(name):
            raise SchemaChangedError(
                f"The column '{name}' is {given.get(name, 'missing')} in the load "
                f"and {there.get(name, 'missing')} in the table.",
                where,
                "alter the table, or cast and name the columns in the query.",
            )
