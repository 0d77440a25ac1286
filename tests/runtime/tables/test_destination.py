"""Every destination of tables, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from runtime.exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    SchemaChangedError,
    UnsupportedTypeError,
    VerificationError,
)

from tests.runtime.frames import BATCH, NEW, OLD, OLD_ROWS
from tests.runtime.places import Tables

UPSERT: dict[str, Any] = {"mode": "upsert", "key": ["number"]}


@pytest.fixture(params=["warehouse", "database_file"])
def place(request: pytest.FixtureRequest) -> Tables:
    found: Tables = request.getfixturevalue(request.param)
    return found


def test_an_empty_table_is_filled(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD.head(0), table)
    written = place.destination.from_df(NEW, table)
    assert place.read(table).num_rows == len(NEW)
    place.destination.verify(written)


def test_a_table_is_verified_by_its_number_of_rows(place: Tables) -> None:
    table = place.fresh()
    place.destination.check_verifiable(table)
    written = place.destination.from_df(OLD, table)
    assert place.destination.count(table) == len(OLD)
    place.destination.from_df(NEW, table, mode="append")
    with pytest.raises(VerificationError, match="has 3 rows, and 1 were written"):
        place.destination.verify(written)
    with pytest.raises(VerificationError, match="no such table"):
        place.destination.verify(replace(written, path=f"{table}_gone"))


def test_readers_see_the_former_rows_until_the_end(place: Tables) -> None:
    def watched() -> Iterator[pa.RecordBatch]:
        yield BATCH
        seen.append(place.rows(table))
        yield BATCH

    seen: list[list[dict[str, Any]]] = []
    table = place.fresh()
    place.destination.from_df(OLD, table)
    place.destination.from_batches(watched(), table, mode="replace")
    assert seen == [OLD_ROWS]
    assert place.read(table).num_rows == 2 * BATCH.num_rows


def test_a_load_cannot_append_other_rows_later(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD, table, mode="append", load_id="monday")
    with pytest.raises(DestinationExistsError, match="appended other rows") as caught:
        place.destination.from_df(NEW, table, mode="append", load_id="monday")
    assert table in caught.value.where
    assert caught.value.next_step
    assert place.rows(table) == OLD_ROWS


def test_a_retry_replaces_only_the_rows_of_its_own_load(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD, table, load_id="monday")
    place.destination.from_df(NEW, table, load_id="monday")
    assert place.read(table).num_rows == len(NEW)
    place.destination.from_df(OLD, table, mode="append")
    with pytest.raises(DestinationExistsError):
        place.destination.from_df(NEW, table, load_id="monday")
    assert place.read(table).num_rows == len(NEW) + len(OLD)


def test_rows_of_a_key_alone_are_added_once(place: Tables) -> None:
    table = place.fresh()
    for _ in range(2):
        place.destination.from_batches([BATCH.select(["number"])], table, **UPSERT)
    assert place.rows(table) == [{"number": 2}]


def test_replacing_keeps_the_indexes_of_a_table(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD, table, **UPSERT)
    place.destination.from_batches([BATCH], table, mode="replace")
    place.destination.from_batches([BATCH], table, **UPSERT)
    assert place.rows(table) == BATCH.to_pylist()


def test_a_key_that_is_not_unique_is_refused(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD, table)
    with pytest.raises(DestinationRejectedError, match=r"unique index.*\(number\)"):
        place.destination.from_batches([BATCH], table, **UPSERT)
    other = place.fresh()
    place.destination.from_df(OLD, other, **UPSERT)
    without = pa.RecordBatch.from_pydict({"number": [None], "text": ["a"]})
    for batches in ([BATCH, BATCH], [without.cast(BATCH.schema)]):
        with pytest.raises(DestinationRejectedError, match="two rows of one key"):
            place.destination.from_batches(batches, other, **UPSERT)
    assert place.rows(other) == OLD_ROWS


def test_a_key_of_columns_that_the_load_lacks_is_refused(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD, table, **UPSERT)
    with pytest.raises(DestinationRejectedError, match="'other' isn't in the load"):
        place.destination.from_batches([BATCH], table, mode="upsert", key=["other"])


@pytest.mark.parametrize(
    ("mode", "key", "problem"),
    [("upsert", None, "needs a key"), ("append", ["number"], "takes no key")],
)
def test_a_key_belongs_to_one_mode(
    place: Tables, mode: Any, key: Any, problem: str
) -> None:
    with pytest.raises(DestinationRejectedError, match=problem):
        place.destination.from_df(OLD, place.fresh(), mode=mode, key=key)


@pytest.mark.parametrize("mode", ["fail", "replace", "append"])
@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"number": [2]}, "'text'"),
        ({"number": [2], "text": ["a"], "more": [1]}, "'more'"),
        ({"number": ["2"], "text": ["a"]}, "'number'"),
    ],
)
def test_a_column_unlike_the_table_s_is_named_and_nothing_written(
    place: Tables, mode: str, columns: Any, named: str
) -> None:
    table = place.fresh()
    place.destination.from_df(OLD.head(0), table)
    with pytest.raises(SchemaChangedError, match=named):
        place.destination.from_df(pd.DataFrame(columns), table, mode=mode)
    assert place.rows(table) == []


def test_a_type_that_no_table_holds_is_named(place: Tables) -> None:
    table = place.fresh()
    batch = pa.RecordBatch.from_pydict({"pairs": [{"a": 1}]})
    with pytest.raises(UnsupportedTypeError, match="'pairs'"):
        place.destination.from_batches([batch], table)
    with pytest.raises(FileNotFoundError):
        place.read(table)


def test_a_failure_at_the_end_rolls_everything_back(place: Tables) -> None:
    table = place.fresh()
    place.destination.from_df(OLD, table)
    name = table.rpartition(".")[2]
    place.execute(f"CREATE UNIQUE INDEX {name}_text ON {table} (text)")
    with pytest.raises(DestinationRejectedError):
        place.destination.from_batches([BATCH, BATCH], table, mode="replace")
    assert place.rows(table) == OLD_ROWS


def test_a_missing_schema_is_named(place: Tables) -> None:
    with pytest.raises(DestinationRejectedError, match="no_such_schema"):
        place.destination.from_df(OLD, "no_such_schema.example")


@pytest.mark.parametrize("table", ["a\0b", "a.b\0", "\ud800"], ids=ascii)
def test_a_name_that_no_table_has_is_refused(place: Tables, table: str) -> None:
    with pytest.raises(DestinationRejectedError, match="no name can have") as caught:
        place.destination.from_df(OLD, table)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("table", ["a.b.c", "schema."])
def test_a_name_of_another_form_is_refused(place: Tables, table: str) -> None:
    with pytest.raises(DestinationRejectedError, match=r"schema\.table"):
        place.destination.from_df(OLD, table)


def test_names_and_texts_mean_nothing_in_sql(place: Tables) -> None:
    text = "'; DROP TABLE x; -- \\N \\. \t\r\n,\"%s {} ?"
    first, second = 'a "b" %s {} ?', "select"
    df = pd.DataFrame({first: [text], second: ["\U0010ffff\ud7ff"]})
    given, quoted = 'the "table" %s {x} ?', '"the ""table"" %s {x} ?"'
    for each in (quoted, f'{quoted[:-1]}!"'):
        place.execute(f"DROP TABLE IF EXISTS {each}")
    place.destination.from_df(df, given, load_id="it's %s ?")
    for mode in ("append", "append", "replace"):
        place.destination.from_df(df, given, mode=mode, load_id="it's %s ?")
    assert place.rows(quoted) == df.to_dict("records")
    place.destination.from_df(df, f"{given}!", mode="upsert", key=[first, second])


@pytest.mark.parametrize("schema", ['a "b" %s {x} ?', "a%d b", "p%(x)s", "%"])
def test_a_schema_may_have_any_name(place: Tables, schema: str) -> None:
    quoted = '"' + schema.replace('"', '""') + '"'
    place.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    place.execute(f"DROP TABLE IF EXISTS {quoted}.example")
    for _ in range(2):
        place.destination.from_df(
            OLD, f"{schema}.example", mode="append", load_id="monday"
        )
    assert place.rows(f"{quoted}.example") == OLD_ROWS
