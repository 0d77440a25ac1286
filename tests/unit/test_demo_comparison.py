"""The demo's judge notices every way in which a file is not the table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sourcewright.demo.comparison import Comparison, compare
from sourcewright.errors import SourcewrightError
from sourcewright.services import PostgreSQL

DATABASE = "comparison"
NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)
Rows = list[dict[str, Any]]

# One row for every value that is easily lost: NULL, '', the text that looks like NULL,
# quotes, newlines, the last bit of a float, both zeros, NaN, microseconds.
TABLE = """
CREATE TABLE "values" (i integer, f double precision, t text, s timestamptz);
INSERT INTO "values" VALUES
    (1, 0.1, 'one', '2013-07-01 12:00+00'),
    (2, 0.1, 'two', '2013-07-01 14:00:00.000001+02'),
    (3, '-0', '', NULL),
    (NULL, 0.0, NULL, '2013-07-01 12:00+00'),
    (NULL, NULL, '\\N', '1969-12-31 23:59:59.999999+00'),
    (4, 'NaN', E'a "quoted"\\nline, and a comma', '2013-07-01 12:00+00'),
    (4, 1e-320, 'NULL', '2013-07-01 12:00+00'),
    (4, 1e-320, 'NULL', '2013-07-01 12:00+00');
"""
TYPES: dict[str, pa.DataType] = {
    "i": pa.int32(),
    "f": pa.float64(),
    "t": pa.string(),
    "s": pa.timestamp("us", "UTC"),
}


def rows() -> Rows:
    """Return the same rows, in another order."""
    second = timedelta(microseconds=1)
    values: list[tuple[Any, ...]] = [
        (4, 1e-320, "NULL", NOON),
        (None, None, "\\N", datetime(1970, 1, 1, tzinfo=UTC) - second),
        (4, 1e-320, "NULL", NOON),
        (4, float("nan"), 'a "quoted"\nline, and a comma', NOON),
        (None, 0.0, None, NOON),
        (3, -0.0, "", None),
        (2, 0.1, "two", NOON + second),
        (1, 0.1, "one", NOON),
    ]
    return [dict(zip(TYPES, row, strict=True)) for row in values]


def as_table(rows: Rows, **types: pa.DataType) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema({**TYPES, **types}))


@pytest.fixture(scope="module")
def database(postgres: PostgreSQL) -> str:
    postgres.create_database(DATABASE)
    postgres.psql(TABLE, database=DATABASE)
    return DATABASE


@pytest.fixture
def judge(
    postgres: PostgreSQL, database: str, tmp_path: Path
) -> Callable[[pa.Table], Comparison]:
    def compare_with(table: pa.Table) -> Comparison:
        file = tmp_path / "values.parquet"
        pq.write_table(table, file)
        return compare(postgres, database, "values", file, scratch=tmp_path)

    return compare_with


Judge = Callable[[pa.Table], Comparison]


def test_the_same_values_in_another_order_are_the_same(judge: Judge) -> None:
    assert judge(as_table(rows())) == Comparison(rows=8, columns=4, mismatches=())


@pytest.mark.parametrize(
    "types",
    [
        {"i": pa.int64()},
        {"t": pa.large_string()},
        {"t": pa.dictionary(pa.int32(), pa.string())},
        {"s": pa.timestamp("ns", "Europe/Warsaw")},
    ],
    ids=str,
)
def test_another_type_that_holds_the_same_values_is_the_same(
    judge: Judge, types: dict[str, pa.DataType]
) -> None:
    assert judge(as_table(rows(), **types)).mismatches == ()


def set_value(row: int, column: str, value: object) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        assert rows[row][column] is not value
        rows[row][column] = value

    return change


def swap(rows: Rows) -> None:
    rows[6]["t"], rows[7]["t"] = rows[7]["t"], rows[6]["t"]


def lose_one(rows: Rows) -> None:
    rows.pop(7)


def repeat_one(rows: Rows) -> None:
    rows.append(rows[7])


def lose_one_and_repeat_another(rows: Rows) -> None:
    rows[7] = rows[6]


@dataclass(frozen=True)
class Case:
    """A change to the rows, and the column that the judge must name for it."""

    name: str
    change: Callable[[Rows], None]
    column: str


CASES = [
    Case("an integer is another", set_value(7, "i", 9), "i"),
    Case("an integer is NULL", set_value(7, "i", None), "i"),
    Case("a NULL integer is 0", set_value(1, "i", 0), "i"),
    Case("a float differs in its last bit", set_value(7, "f", 0.1 + 2**-56), "f"),
    Case("a zero lost its sign", set_value(5, "f", 0.0), "f"),
    Case("a float is NaN where it was NULL", set_value(1, "f", float("nan")), "f"),
    Case("a float is NULL where it was NaN", set_value(3, "f", None), "f"),
    Case("a NULL text is empty", set_value(4, "t", ""), "t"),
    Case("an empty text is NULL", set_value(5, "t", None), "t"),
    Case("a text lost its newline", set_value(3, "t", "a line"), "t"),
    Case("one timestamp is shifted", set_value(7, "s", NOON + timedelta(hours=1)), "s"),
    Case("a microsecond is lost", set_value(6, "s", NOON), "s"),
    Case("a row is missing", lose_one, ""),
    Case("a row is there twice", repeat_one, ""),
    Case("a row is gone, another twice", lose_one_and_repeat_another, "i"),
    Case("two rows swapped one value", swap, "t"),
    Case("every row is gone", list.clear, ""),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_change_is_noticed_and_its_column_named(judge: Judge, case: Case) -> None:
    changed = rows()
    case.change(changed)
    mismatches = judge(as_table(changed)).mismatches
    assert ("values", case.column) in {(m.table, m.column) for m in mismatches}


def test_a_shifted_zone_is_noticed(judge: Judge) -> None:
    """The clock kept, the zone replaced: what a naive conversion does."""
    shifted = [
        row | {"s": row["s"] and row["s"] - timedelta(hours=2)} for row in rows()
    ]
    (mismatch,) = judge(as_table(shifted)).mismatches
    assert mismatch.column == "s"
    assert "misses 7 values and has 7 others" in str(mismatch)


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("i", pa.string()),
        ("i", pa.float64()),  # what careless code makes of a nullable integer
        ("f", pa.float32()),
        ("t", pa.binary()),
        ("s", pa.timestamp("us")),
        ("s", pa.string()),
    ],
    ids=str,
)
def test_a_type_that_cannot_hold_the_values_is_noticed(
    judge: Judge, column: str, wrong: pa.DataType
) -> None:
    whole = as_table(rows())
    index = whole.column_names.index(column)
    cast = whole[column].cast(wrong, safe=False)
    (mismatch,) = judge(whole.set_column(index, column, cast)).mismatches
    assert (mismatch.table, mismatch.column) == ("values", column)
    assert "does not hold" in mismatch.what


@pytest.mark.parametrize("names", [["i", "f", "s", "t"], ["i", "f", "t"]], ids=str)
def test_other_columns_are_noticed(judge: Judge, names: list[str]) -> None:
    (mismatch,) = judge(as_table(rows()).select(names)).mismatches
    assert "not i, f, t, s" in str(mismatch)


def test_a_type_that_nobody_taught_it_is_refused(
    postgres: PostgreSQL, database: str, tmp_path: Path
) -> None:
    postgres.psql("CREATE TABLE odd (n numeric)", database=database)
    with pytest.raises(SourcewrightError, match="no comparison is written for"):
        compare(postgres, database, "odd", tmp_path / "odd.parquet", scratch=tmp_path)
