from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pytest
from runtime.connector import Credentials
from runtime.exceptions import SchemaChangedError, UnsupportedTypeError
from runtime.rows import RowSource


class Fixed(RowSource):
    """Yields the rows that a test puts into it."""

    credentials_model = Credentials
    schema = pa.schema([("number", pa.int64()), ("text", pa.string())])
    given: list[Any]
    closed = False

    def rows(self, query: str) -> Iterator[Mapping[str, Any]]:
        self.kept = self._rows()  # else it would be closed once it is unreferenced
        return self.kept

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        try:
            yield from self.given
        finally:
            self.closed = True


def source(*rows: Any) -> Fixed:
    made = Fixed(credentials={})
    made.given = list(rows)
    return made


def test_batches_grow_to_their_size() -> None:
    made = source(*({"number": n, "text": "x"} for n in range(2000)))
    lengths = [batch.num_rows for batch in made.to_batches("", batch_bytes=10_000)]
    assert lengths[:2] == [100, 500]
    assert sum(lengths) == 2000
    assert max(lengths) < 1000


def test_without_rows_there_is_one_empty_batch() -> None:
    (batch,) = source().to_batches("")
    assert (batch.num_rows, batch.schema) == (0, Fixed.schema)


def test_rows_are_closed_if_reading_stops_early() -> None:
    made = source(*({"number": n, "text": None} for n in range(2000)))
    batches: Any = made.to_batches("", batch_bytes=1)
    next(batches)
    assert not made.closed
    batches.close()
    assert made.closed


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"number": 2}, "Row 2 lacks 'text'"),
        (
            {"number": 2, "text": "", "more": 1},
            "Row 2 has the undeclared column 'more'",
        ),
    ],
)
def test_a_row_with_other_columns_is_refused(row: Any, message: str) -> None:
    made = source({"number": 1, "text": "x"}, row)
    with pytest.raises(SchemaChangedError, match=message):
        made.to_arrow("")


@pytest.mark.parametrize(
    "row", [{"number": "canary", "text": ""}, {"number": 2**63, "text": ""}]
)
def test_a_value_of_another_type_names_its_column_and_is_not_shown(row: Any) -> None:
    with pytest.raises(UnsupportedTypeError, match="'number'") as caught:
        source(row).to_arrow("")
    assert "canary" not in str(caught.value)
