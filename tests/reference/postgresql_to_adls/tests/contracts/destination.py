"""What every destination is held to. Inherit, and give what is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pytest

from acme import sources
from acme.exceptions import (
    CredentialError,
    DestinationExistsError,
    SchemaChangedError,
    UnsupportedFormatError,
    VerificationError,
)
from acme.sources import Destination
from tests.contracts.shown import everything_shown

OLD = pd.DataFrame({"number": pd.array([1], dtype="Int64"), "text": ["old"]})
NEW = pd.DataFrame({"number": pd.array([2, None], dtype="Int64"), "text": ["", None]})


class DestinationContract:
    """What holds without a server."""

    destination: ClassVar[type[Destination]]
    credentials: ClassVar[dict[str, Any]]
    secret: ClassVar[str]  # a value that nothing may show

    def test_it_is_exported(self) -> None:
        assert getattr(sources, self.destination.__name__) is self.destination
        assert self.destination.__name__ in sources.__all__

    def test_it_wants_credentials(self) -> None:
        with pytest.raises(CredentialError, match="Neither"):
            self.destination()

    def test_it_wants_one_kind_of_credentials(self) -> None:
        with pytest.raises(CredentialError, match="Both"):
            self.destination(config_key="any", credentials=self.credentials)

    def test_a_misspelt_field_is_named_and_no_value_is_shown(self) -> None:
        with pytest.raises(CredentialError, match="pasword") as caught:
            self.destination(credentials={**self.credentials, "pasword": self.secret})
        assert self.secret not in everything_shown(caught.value)

    def test_its_repr_shows_no_secret(self) -> None:
        destination = self.destination(credentials=self.credentials)
        shown = f"{destination!r} {destination.credentials!r} {vars(destination)}"
        assert self.secret not in shown

    def test_an_unknown_suffix_is_refused_before_anything_is_sent(self) -> None:
        destination = self.destination(credentials=self.credentials)
        with pytest.raises(UnsupportedFormatError, match=r"\.parquet"):
            destination.from_df(NEW, "folder/file.xlsx")


class LiveDestinationContract:
    """What holds with a server. Override the fixtures, and `read`."""

    @pytest.fixture
    def live_destination(self) -> Destination:
        msg = "a live destination contract needs the fixture live_destination"
        raise NotImplementedError(msg)

    @pytest.fixture
    def path(self) -> str:
        msg = "a live destination contract needs the fixture path"
        raise NotImplementedError(msg)

    def read(self, destination: Destination, path: str) -> pa.Table:
        """Return what is at `path`, or raise FileNotFoundError."""
        raise NotImplementedError

    def test_what_is_written_is_read_back(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(NEW, path)
        assert self.read(live_destination, path).to_pylist() == [
            {"number": 2, "text": ""},
            {"number": None, "text": None},
        ]

    def test_a_frame_without_rows_keeps_its_columns(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(NEW.head(0), path)
        table = self.read(live_destination, path)
        assert (table.num_rows, table.column_names) == (0, ["number", "text"])

    def test_an_existing_file_is_refused_and_stays(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path)
        with pytest.raises(DestinationExistsError, match="overwrite"):
            live_destination.from_df(NEW, path)
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")

    def test_overwriting_replaces_the_whole_file(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path)
        live_destination.from_df(NEW, path, overwrite=True)
        assert self.read(live_destination, path).num_rows == len(NEW)

    def test_a_file_that_appears_meanwhile_is_refused_and_stays(
        self, live_destination: Destination, path: str
    ) -> None:
        def overtaken() -> Iterator[pa.RecordBatch]:
            yield pa.RecordBatch.from_pydict({"number": [2]})
            live_destination.from_df(OLD, path)

        with pytest.raises(DestinationExistsError, match="overwrite"):
            live_destination.from_batches(overtaken(), path)
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")

    def test_a_check_sees_the_rows_before_the_file_appears(
        self, live_destination: Destination, path: str
    ) -> None:
        seen = []

        def check(batches: Iterator[pa.RecordBatch]) -> None:
            seen.append(pa.Table.from_batches(batches).to_pylist())
            with pytest.raises(FileNotFoundError):
                self.read(live_destination, path)

        batch = pa.RecordBatch.from_pydict({"number": [2]})
        written = live_destination.from_batches([batch], path, check=check)
        assert seen == [[{"number": 2}]]
        assert self.read(live_destination, path).to_pylist() == [{"number": 2}]
        live_destination.verify(written)

    def test_a_check_that_fails_leaves_the_former_file(
        self, live_destination: Destination, path: str
    ) -> None:
        def refuse(batches: Iterator[pa.RecordBatch]) -> None:
            assert list(batches)
            msg = "it is not right"
            raise VerificationError(msg)

        live_destination.from_df(OLD, path)
        batch = pa.RecordBatch.from_pydict({"number": [2]})
        with pytest.raises(VerificationError, match="not right"):
            live_destination.from_batches([batch], path, overwrite=True, check=refuse)
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")

    def test_another_file_in_its_place_is_noticed(
        self, live_destination: Destination, path: str
    ) -> None:
        batch = pa.RecordBatch.from_pydict({"number": [2]})
        written = live_destination.from_batches([batch], path, verify_bytes=True)
        live_destination.verify(written)
        live_destination.from_df(OLD, path, overwrite=True)
        with pytest.raises(VerificationError, match="SHA-256"):
            live_destination.verify(written)
        with pytest.raises(VerificationError, match="load it again"):
            live_destination.verify(replace(written, path=f"{path}.gone"))

    def test_an_error_in_the_middle_leaves_the_former_file(
        self, live_destination: Destination, path: str
    ) -> None:
        def broken_off() -> Iterator[pa.RecordBatch]:
            yield pa.RecordBatch.from_pydict({"number": list(range(100_000))})
            msg = "the source broke off"
            raise ConnectionError(msg)

        live_destination.from_df(OLD, path)
        with pytest.raises(ConnectionError):
            live_destination.from_batches(broken_off(), path, overwrite=True)
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")

    def test_an_error_in_the_middle_leaves_no_file_where_none_was(
        self, live_destination: Destination, path: str
    ) -> None:
        def broken_off() -> Iterator[pa.RecordBatch]:
            yield pa.RecordBatch.from_pydict({"number": [1]})
            msg = "the source broke off"
            raise ConnectionError(msg)

        with pytest.raises(ConnectionError):
            live_destination.from_batches(broken_off(), path)
        with pytest.raises(FileNotFoundError):
            self.read(live_destination, path)

    def test_a_column_that_changed_is_named(
        self, live_destination: Destination, path: str
    ) -> None:
        batches = [
            pa.RecordBatch.from_pydict({"number": [1]}),
            pa.RecordBatch.from_pydict({"number": ["2"]}),
        ]
        with pytest.raises(SchemaChangedError, match=r"'number'.*int64.*string"):
            live_destination.from_batches(batches, path)
        with pytest.raises(FileNotFoundError):
            self.read(live_destination, path)
