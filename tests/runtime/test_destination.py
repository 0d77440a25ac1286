from collections.abc import Iterable
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pytest
from runtime.connector import Credentials
from runtime.destination import Destination, Written, begin
from runtime.exceptions import SchemaChangedError

NUMBER = pa.schema([("number", pa.int64())])
TWO = pa.schema([("number", pa.int64()), ("text", pa.string())])


class Memory(Destination):
    """Keeps the batches."""

    credentials_model: ClassVar[type[Credentials]] = Credentials

    def from_batches(
        self, batches: Iterable[pa.RecordBatch], target: str, /, *_: Any, **options: Any
    ) -> Written:
        self.table, self.options = pa.Table.from_batches(batches), options
        return Written(target, self.table.num_rows, None, None)

    def verify(self, written: Written) -> None: ...

    def check_verifiable(self, target: str) -> None: ...


@pytest.mark.parametrize("rows", [2, 0])
def test_a_data_frame_is_written_without_its_index(rows: int) -> None:
    df = pd.DataFrame({"text": ["", None]}, dtype="string", index=[7, 8]).head(rows)
    destination = Memory(credentials={})
    assert destination.from_df(df, "here", load_id="one").rows == rows
    assert destination.options == {"load_id": "one"}
    assert destination.table.schema.names == ["text"]
    assert destination.table.schema.metadata is None
    assert destination.table.to_pylist() == [{"text": ""}, {"text": None}][:rows]


def test_the_schema_is_that_of_the_first_batch_and_all_batches_pass() -> None:
    batches = [
        pa.RecordBatch.from_pylist([{"number": number}], schema=NUMBER)
        for number in range(3)
    ]
    schema, passing = begin(iter(batches), "here")
    assert schema == NUMBER
    assert list(passing) == batches


def test_without_a_batch_there_is_no_schema() -> None:
    with pytest.raises(ValueError, match="even an empty one"):
        begin([], "here")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (NUMBER, TWO, r"'text' changed from missing to string .*Where: here\."),
        (TWO, NUMBER, r"'text' changed from string to missing"),
        (NUMBER, pa.schema([("number", pa.int32())]), r"'number' .* int64 to int32"),
        (TWO, pa.schema([TWO.field(1), TWO.field(0)]), r"changed their order"),
    ],
)
def test_a_batch_with_other_columns_is_refused_when_it_comes(
    first: pa.Schema, second: pa.Schema, message: str
) -> None:
    batches = [pa.RecordBatch.from_pylist([], schema=each) for each in (first, second)]
    _, passing = begin(batches, "here")
    assert next(passing).schema == first
    with pytest.raises(SchemaChangedError, match=message):
        next(passing)
