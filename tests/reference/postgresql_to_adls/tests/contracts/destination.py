"""The contract of destinations where they write to."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pytest

from .errors import raises

OLD = pd.DataFrame({"number": pd.array([1], dtype="Int64"), "text": ["old"]})
NEW = pd.DataFrame({"number": pd.array([2, None], dtype="Int64"), "text": ["", None]})
BATCH = pa.RecordBatch.from_pydict({"number": [2], "text": ["new"]})


class LiveDestinationContract:
    """What every destination keeps."""

    live: ClassVar[Any]  # has `connect`, `fresh_target` and `read`
    replacing: ClassVar[dict[str, Any]]  # the option that lets a load replace another

    @pytest.fixture
    def destination(self) -> Any:
        return self.live.connect()

    @pytest.fixture
    def target(self, destination: Any) -> str:
        target: str = self.live.fresh_target()
        return target

    def rows(self, target: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.live.read(target).to_pylist()
        return rows

    def test_rows_are_read_back_as_they_were_written(
        self, destination: Any, target: str
    ) -> None:
        written = destination.from_df(NEW, target, verify_bytes=True)
        expected = [{"number": 2, "text": ""}, {"number": None, "text": None}]
        assert self.rows(target) == expected
        destination.verify(written)

    def test_a_frame_without_rows_keeps_its_columns(
        self, destination: Any, target: str
    ) -> None:
        destination.from_df(NEW.head(0), target)
        table = self.live.read(target)
        assert (table.num_rows, table.column_names) == (0, ["number", "text"])

    def test_existing_rows_are_refused_or_replaced(
        self, destination: Any, target: str
    ) -> None:
        destination.from_df(OLD, target)
        with raises("DestinationExistsError"):
            destination.from_df(NEW, target)
        assert self.rows(target) == OLD.to_dict("records")
        destination.from_df(NEW, target, **self.replacing)
        assert len(self.rows(target)) == len(NEW)

    def test_an_error_in_the_middle_leaves_the_former_rows(
        self, destination: Any, target: str
    ) -> None:
        def broken_off() -> Iterator[pa.RecordBatch]:
            yield BATCH
            msg = "the source broke off"
            raise ConnectionError(msg)

        with pytest.raises(ConnectionError):
            destination.from_batches(broken_off(), target)
        with pytest.raises(FileNotFoundError):
            self.live.read(target)
        destination.from_df(OLD, target)
        with pytest.raises(ConnectionError):
            destination.from_batches(broken_off(), target, **self.replacing)
        assert self.rows(target) == OLD.to_dict("records")

    def test_a_failed_check_leaves_the_former_rows(
        self, destination: Any, target: str
    ) -> None:
        def refuse(batches: Iterator[pa.RecordBatch]) -> None:
            assert pa.Table.from_batches(batches).to_pylist() == BATCH.to_pylist()
            msg = "it is not right"
            raise ValueError(msg)

        destination.from_df(OLD, target)
        with pytest.raises(ValueError, match="not right"):
            destination.from_batches([BATCH], target, check=refuse, **self.replacing)
        assert self.rows(target) == OLD.to_dict("records")

    def test_rows_of_somebody_else_are_noticed(
        self, destination: Any, target: str
    ) -> None:
        written = destination.from_df(OLD, target, load_id="monday")
        destination.verify(written)
        destination.from_df(NEW, target, **self.replacing)
        with raises("VerificationError"):
            destination.verify(written)


class LiveFileContract(LiveDestinationContract):
    """What every destination of files keeps."""

    replacing: ClassVar[dict[str, Any]] = {"overwrite": True}


class LiveTableContract(LiveDestinationContract):
    """What every destination of tables keeps."""

    replacing: ClassVar[dict[str, Any]] = {"mode": "replace"}

    def test_a_retry_appends_nothing_twice(self, destination: Any, target: str) -> None:
        destination.from_df(OLD, target)
        for load_id, rows in (("monday", 3), ("monday", 3), ("tuesday", 5)):
            destination.from_df(NEW, target, mode="append", load_id=load_id)
            assert len(self.rows(target)) == rows

    def test_rows_of_one_key_are_updated_and_others_added(
        self, destination: Any, target: str
    ) -> None:
        upsert = {"mode": "upsert", "key": ["number"]}
        destination.from_df(OLD, target, **upsert)
        destination.from_df(OLD.assign(text="new"), target, **upsert)
        destination.from_batches([BATCH], target, **upsert)
        rows = sorted(self.rows(target), key=lambda row: row["number"])
        assert rows == [{"number": 1, "text": "new"}, *BATCH.to_pylist()]

    def test_another_column_is_named_and_nothing_written(
        self, destination: Any, target: str
    ) -> None:
        destination.from_df(OLD.head(0), target)
        with raises("SchemaChangedError", match="'more'"):
            destination.from_df(OLD.assign(more=1), target)
        assert not self.rows(target)
