"""What all destinations of tables have in common."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Literal

import pyarrow as pa

from ..destination import Check, Destination, Written
from ..exceptions import DestinationRejectedError, VerificationError

WriteMode = Literal["fail", "replace", "append", "upsert"]


class TableDestination(Destination):
    """Base class of destinations of tables.

    The modes differ in what they do with existing rows. "fail" writes into a new or an
    empty table, and refuses any other. "replace" replaces all rows. "append" adds rows.
    "upsert" replaces the row that has the same key, or adds one; the key needs a unique
    index. A new table has no index, except for the key of "upsert".

    A load with an id is recorded in the table `connector_loads` of the same schema, in
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
            mode: What to do with existing rows, as described for the class.
            key: The columns that identify a row, for "upsert" and no other mode.
            load_id: Names this load. A retry of the same load doesn't append its rows
                again, and replaces those that it wrote into an empty table. A load that
                appended other rows before is refused.
            verify_bytes: Has no effect: rows are always counted.
            check: Is called with the rows, read back within the transaction.

        Raises:
            DestinationExistsError: There are rows, and `mode` is "fail"; or this load
                has appended other rows before.
            DestinationRejectedError: The key has no unique index, or isn't unique.
            DestinationUnavailableError: No connection, or a lock; a retry may help.
            SchemaChangedError: The table has other columns; names the first.
            UnsupportedTypeError: A column has no exact type; names it.
            VerificationError: The data that arrived differs from the data sent.
        """

    @abstractmethod
    def count(self, table: str) -> int:
        """Return the number of rows of a table.

        Raises:
            VerificationError: There is no such table.
            DestinationUnavailableError: No connection; a retry may help.
        """

    def verify(self, written: Written) -> None:
        """Compare the number of rows with that of a load into a new or emptied table.

        As `Destination.verify`. It differs after other loads into the table.
        """
        found = self.count(written.path)
        if found != written.rows:
            raise VerificationError(
                f"The table has {found} rows, and {written.rows} were written.",
                f"{written.path}, {self.place}",
                "load it again, and find out who wrote to it.",
            )

    def check_verifiable(self, target: str) -> None:
        """Do nothing: the rows of any table can be read back."""

    def check_key(self, mode: WriteMode, key: list[str] | None, table: str) -> None:
        """Raise unless a key is given for "upsert", and for no other mode.

        Raises:
            DestinationRejectedError: The key is missing, or not allowed.
        """
        if bool(key) != (mode == "upsert"):
            raise DestinationRejectedError(
                f'The mode "{mode}" {"takes no" if key else "needs a"} key.',
                f"{table}, {self.place}",
                'give `key` with mode="upsert", and with no other.',
            )
