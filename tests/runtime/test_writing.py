"""Every destination, on a real part."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from runtime.exceptions import (
    DestinationExistsError,
    SchemaChangedError,
)

from tests.runtime.frames import BATCH, NEW, OLD, OLD_ROWS
from tests.runtime.places import Place


@pytest.fixture(params=["lake", "store", "folder", "warehouse", "database_file"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def broken_off(*batches: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    yield from batches
    msg = "the source broke off"
    raise ConnectionError(msg)


def test_existing_rows_are_refused_and_stay(place: Place) -> None:
    target = place.fresh()
    place.destination.from_df(OLD, target)
    with pytest.raises(DestinationExistsError) as caught:
        place.destination.from_df(NEW, target)
    assert target in caught.value.where
    assert caught.value.next_step
    assert place.rows(target) == OLD_ROWS


def test_existing_rows_are_refused_before_the_others_are_read(place: Place) -> None:
    def counted() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            given.append(number)
            yield BATCH

    given: list[int] = []
    target = place.fresh()
    place.destination.from_df(OLD, target)
    with pytest.raises(DestinationExistsError):
        place.destination.from_batches(counted(), target)
    assert len(given) <= 1


def test_rows_that_appear_in_the_meantime_are_refused_and_stay(place: Place) -> None:
    def overtaken() -> Iterator[pa.RecordBatch]:
        yield BATCH
        place.destination.from_df(OLD, target)

    target = place.fresh()
    with pytest.raises(DestinationExistsError):
        place.destination.from_batches(overtaken(), target)
    assert place.rows(target) == OLD_ROWS


def test_a_check_sees_the_rows_before_readers_do(place: Place) -> None:
    def check(batches: Iterator[pa.RecordBatch]) -> None:
        seen.append(pa.Table.from_batches(batches).to_pylist())
        with pytest.raises(FileNotFoundError):
            place.read(target)

    seen: list[list[dict[str, object]]] = []
    target = place.fresh()
    written = place.destination.from_batches([BATCH], target, check=check)
    assert seen == [BATCH.to_pylist()]
    assert place.rows(target) == BATCH.to_pylist()
    place.destination.verify(written)


def test_a_check_of_no_rows_sees_the_columns(place: Place) -> None:
    seen: list[pa.Table] = []
    place.destination.from_batches(
        [BATCH.slice(1)],
        place.fresh(),
        check=lambda batches: seen.append(pa.Table.from_batches(batches)),
    )
    assert seen == [pa.Table.from_batches([BATCH.slice(1)])]


def test_an_error_in_the_middle_leaves_the_former_rows(place: Place) -> None:
    many = pa.RecordBatch.from_pydict(
        {"number": list(range(100_000)), "text": ["new"] * 100_000}
    )
    target = place.fresh()
    place.destination.from_df(OLD, target)
    with pytest.raises(ConnectionError, match="the source broke off"):
        place.destination.from_batches(broken_off(many), target, **place.replacing)
    assert place.rows(target) == OLD_ROWS


def test_a_changed_column_is_named_and_nothing_appears(place: Place) -> None:
    batches = [
        pa.RecordBatch.from_pydict({"number": [1]}),
        pa.RecordBatch.from_pydict({"number": ["2"]}),
    ]
    target = place.fresh()
    with pytest.raises(SchemaChangedError, match=r"'number'.*int64.*string"):
        place.destination.from_batches(batches, target)
    with pytest.raises(FileNotFoundError):
        place.read(target)
