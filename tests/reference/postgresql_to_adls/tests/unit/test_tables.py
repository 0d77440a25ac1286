"""What destinations of tables share, tried with tables in memory."""

from collections.abc import Iterable
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from acme.exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    SchemaChangedError,
    VerificationError,
)
from acme.formats import Written
from acme.sources.base import Credentials
from acme.sources.tables import (
    TableDestination,
    begin,
    check_columns,
)


class Memory(TableDestination):
    """Keeps the rows of the last load."""

    credentials_model: ClassVar[type[Credentials]] = Credentials

    def from_batches(
        self, batches: Iterable[pa.RecordBatch], table: str, **options: Any
    ) -> Written:
        schema, remaining = begin(batches, table)
        self.rows = pa.Table.from_batches(remaining, schema)
        return Written(table, self.rows.num_rows, None, None)

    def count(self, table: str) -> int:
        return int(self.rows.num_rows)


BATCH = pa.RecordBatch.from_pydict({"number": [1, 2]})


def test_a_table_is_verified_by_the_number_of_its_rows() -> None:
    memory = Memory(credentials={})
    written = memory.from_batches([BATCH, BATCH], "example")
    memory.check_verifiable("example")
    memory.verify(written)
    memory.from_batches([BATCH], "example")
    with pytest.raises(VerificationError, match="has 2 rows, and 4 were written"):
        memory.verify(written)


def test_no_batch_at_all_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="needs a batch"):
        Memory(credentials={}).from_batches([], "example")


def test_a_batch_of_other_columns_is_refused() -> None:
    other = pa.RecordBatch.from_pydict({"number": ["1"]})
    with pytest.raises(SchemaChangedError, match="'number'"):
        Memory(credentials={}).from_batches([BATCH, other], "example")


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ({"a": "text"}, "'b' is bigint in the load and missing in the table"),
        ({"a": "text", "b": "text"}, "'b' is bigint in the load and text"),
        ({"a": "text", "c": "text", "b": "bigint"}, "'c' is missing in the load"),
    ],
)
def test_the_first_other_column_is_named(there: dict[str, str], named: str) -> None:
    with pytest.raises(SchemaChangedError, match=named):
        check_columns({"a": "text", "b": "bigint"}, there, "example")


def test_the_order_of_columns_does_not_matter() -> None:
    check_columns({"a": "text", "b": "bigint"}, {"b": "bigint", "a": "text"}, "here")


def test_errors_say_what_next() -> None:
    memory = Memory(credentials={})
    memory.check_key("upsert", ["a"], "example")
    with pytest.raises(DestinationRejectedError, match="needs a key"):
        memory.check_key("upsert", None, "example")
    for error in (memory.exists("example"), memory.appended_before("example")):
        assert isinstance(error, DestinationExistsError)
        assert "example" in error.where
        assert error.next_step
