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
    DestinationRejectedError,
    SchemaChangedError,
    UnsupportedFormatError,
    UnsupportedTypeError,
    VerificationError,
)
from acme.sources import Destination
from .shown import everything_shown

OLD = pd.DataFrame({"number": pd.array([1], dtype="Int64"), "text": ["old"]})
NEW = pd.DataFrame({"number": pd.array([2, None], dtype="Int64"), "text": ["", None]})
BATCH = pa.RecordBatch.from_pydict({"number": [2], "text": ["new"]})


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


class FileDestinationContract(DestinationContract):
    """What holds of files, without a server."""

    def test_an_unknown_suffix_is_refused_before_anything_is_sent(self) -> None:
        destination = self.destination(credentials=self.credentials)
        with pytest.raises(UnsupportedFormatError, match=r"\.parquet"):
            destination.from_df(NEW, "folder/file.xlsx")


class LiveDestinationContract:
    """What holds with a server. Override the fixtures, and `read`."""

    replacing: ClassVar[dict[str, Any]]  # the option that lets a load replace another

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
        with pytest.raises(DestinationExistsError):
            live_destination.from_df(NEW, path)
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")

    def test_rows_that_are_there_are_refused_before_the_others_are_read(
        self, live_destination: Destination, path: str
    ) -> None:
        def counted() -> Iterator[pa.RecordBatch]:
            for number in range(3):
                given.append(number)
                yield BATCH

        given: list[int] = []
        live_destination.from_df(OLD, path)
        with pytest.raises(DestinationExistsError):
            live_destination.from_batches(counted(), path)
        assert len(given) <= 1

    def test_overwriting_replaces_the_whole_file(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path)
        live_destination.from_df(NEW, path, **self.replacing)
        assert self.read(live_destination, path).num_rows == len(NEW)

    def test_a_file_that_appears_meanwhile_is_refused_and_stays(
        self, live_destination: Destination, path: str
    ) -> None:
        def overtaken() -> Iterator[pa.RecordBatch]:
            yield BATCH
            live_destination.from_df(OLD, path)

        with pytest.raises(DestinationExistsError):
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

        written = live_destination.from_batches([BATCH], path, check=check)
        assert seen == [BATCH.to_pylist()]
        assert self.read(live_destination, path).to_pylist() == BATCH.to_pylist()
        live_destination.verify(written)

    def test_a_check_that_fails_leaves_the_former_file(
        self, live_destination: Destination, path: str
    ) -> None:
        def refuse(batches: Iterator[pa.RecordBatch]) -> None:
            assert list(batches)
            msg = "it is not right"
            raise VerificationError(msg)

        live_destination.from_df(OLD, path)
        with pytest.raises(VerificationError, match="not right"):
            live_destination.from_batches([BATCH], path, check=refuse, **self.replacing)
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")

    def test_an_error_in_the_middle_leaves_the_former_file(
        self, live_destination: Destination, path: str
    ) -> None:
        def broken_off() -> Iterator[pa.RecordBatch]:
            yield pa.RecordBatch.from_pydict(
                {"number": list(range(100_000)), "text": ["new"] * 100_000}
            )
            msg = "the source broke off"
            raise ConnectionError(msg)

        live_destination.from_df(OLD, path)
        with pytest.raises(ConnectionError):
            live_destination.from_batches(broken_off(), path, **self.replacing)
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


class LiveFileDestinationContract(LiveDestinationContract):
    """What holds of files, with a server."""

    replacing: ClassVar[dict[str, Any]] = {"overwrite": True}

    def test_a_check_leaves_the_files_beside_as_they_were(
        self, live_destination: Destination, path: str
    ) -> None:
        folder, _, name = path.rpartition("/")
        beside = [f"{folder}/_{name}", f"{folder}/_{name}.partial.parquet"]
        for each in beside:
            live_destination.from_df(OLD, each)
        live_destination.from_batches([BATCH], path, check=list)
        for each in beside:
            found = self.read(live_destination, each)
            assert found.to_pylist() == OLD.to_dict("records")

    def test_two_checked_loads_of_one_file_see_their_own_rows(
        self, live_destination: Destination, path: str
    ) -> None:
        def check(batches: Iterator[pa.RecordBatch]) -> None:
            live_destination.from_df(OLD, path, check=list)
            seen.extend(pa.Table.from_batches(batches).to_pylist())

        seen: list[dict[str, Any]] = []
        live_destination.from_batches([BATCH], path, check=check, **self.replacing)
        assert seen == BATCH.to_pylist()
        assert self.read(live_destination, path).to_pylist() == BATCH.to_pylist()

    def test_another_file_in_its_place_is_noticed(
        self, live_destination: Destination, path: str
    ) -> None:
        batch = pa.RecordBatch.from_pydict({"number": [2]})
        written = live_destination.from_batches([batch], path, verify_bytes=True)
        live_destination.verify(written)
        live_destination.from_df(OLD, path, **self.replacing)
        with pytest.raises(VerificationError, match="SHA-256"):
            live_destination.verify(written)
        with pytest.raises(VerificationError, match="load it again"):
            live_destination.verify(replace(written, path=f"{path}.gone"))


class LiveTableDestinationContract(LiveDestinationContract):
    """What holds of tables, with a server. Override `execute`, too."""

    replacing: ClassVar[dict[str, Any]] = {"mode": "replace"}

    def execute(self, destination: Destination, statement: str) -> None:
        """Execute SQL, past the destination."""
        raise NotImplementedError

    def test_an_empty_table_is_filled(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD.head(0), path)
        written = live_destination.from_df(NEW, path)
        assert self.read(live_destination, path).num_rows == len(NEW)
        live_destination.verify(written)

    def test_rows_that_somebody_else_adds_are_noticed(
        self, live_destination: Destination, path: str
    ) -> None:
        written = live_destination.from_df(OLD, path)
        live_destination.from_df(NEW, path, mode="append")
        with pytest.raises(VerificationError, match="has 3 rows"):
            live_destination.verify(written)
        with pytest.raises(VerificationError, match="no such table"):
            live_destination.verify(replace(written, path=f"{path}_gone"))

    def test_a_retry_appends_nothing_twice(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path)
        for _ in range(2):
            live_destination.from_df(NEW, path, mode="append", load_id="monday")
        assert self.read(live_destination, path).num_rows == len(OLD) + len(NEW)
        live_destination.from_df(NEW, path, mode="append", load_id="tuesday")
        assert self.read(live_destination, path).num_rows == len(OLD) + 2 * len(NEW)

    def test_other_rows_of_a_load_that_appended_before_are_refused(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path, mode="append", load_id="monday")
        with pytest.raises(DestinationExistsError, match="appended other rows"):
            live_destination.from_df(NEW, path, mode="append", load_id="monday")
        assert self.read(live_destination, path).num_rows == len(OLD)

    def test_a_retry_replaces_what_its_own_load_wrote_and_nothing_else(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path, load_id="monday")
        live_destination.from_df(NEW, path, load_id="monday")
        assert self.read(live_destination, path).num_rows == len(NEW)
        live_destination.from_df(OLD, path, mode="append")
        with pytest.raises(DestinationExistsError):
            live_destination.from_df(NEW, path, load_id="monday")
        assert self.read(live_destination, path).num_rows == len(NEW) + len(OLD)

    def test_rows_of_one_key_are_updated_and_others_added(
        self, live_destination: Destination, path: str
    ) -> None:
        upsert = {"mode": "upsert", "key": ["number"]}
        live_destination.from_df(OLD, path, **upsert)
        both = pd.DataFrame({"number": OLD["number"], "text": ["new"]})
        live_destination.from_df(both, path, **upsert)
        live_destination.from_batches([BATCH], path, **upsert)
        rows = self.read(live_destination, path).to_pylist()
        assert sorted(row["number"] for row in rows) == [1, 2]
        assert {row["text"] for row in rows} == {"new"}

    def test_a_key_that_is_not_unique_is_refused(
        self, live_destination: Destination, path: str
    ) -> None:
        upsert = {"mode": "upsert", "key": ["number"]}
        live_destination.from_df(OLD, path)
        with pytest.raises(DestinationRejectedError, match=r"unique index.*\(number\)"):
            live_destination.from_batches([BATCH], path, **upsert)
        other = f"{path}_2"
        live_destination.from_df(OLD, other, **upsert)
        without = pa.RecordBatch.from_pydict({"number": [None], "text": ["a"]})
        without = without.cast(BATCH.schema)
        for batches in ([BATCH, BATCH], [without]):
            with pytest.raises(DestinationRejectedError, match="two rows of one key"):
                live_destination.from_batches(batches, other, **upsert)
        assert self.read(live_destination, other).num_rows == len(OLD)

    @pytest.mark.parametrize(
        ("mode", "key", "problem"),
        [("upsert", None, "needs a key"), ("append", ["number"], "takes no key")],
    )
    def test_a_key_belongs_to_one_mode(
        self,
        live_destination: Destination,
        path: str,
        mode: str,
        key: Any,
        problem: str,
    ) -> None:
        with pytest.raises(DestinationRejectedError, match=problem):
            live_destination.from_df(OLD, path, mode=mode, key=key)

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
        self,
        live_destination: Destination,
        path: str,
        mode: str,
        columns: Any,
        named: str,
    ) -> None:
        live_destination.from_df(OLD.head(0), path)
        with pytest.raises(SchemaChangedError, match=named):
            live_destination.from_df(pd.DataFrame(columns), path, mode=mode)
        assert self.read(live_destination, path).num_rows == 0

    def test_a_type_that_no_table_holds_is_named(
        self, live_destination: Destination, path: str
    ) -> None:
        batch = pa.RecordBatch.from_pydict({"pairs": [{"a": 1}]})
        with pytest.raises(UnsupportedTypeError, match="'pairs'"):
            live_destination.from_batches([batch], path)
        with pytest.raises(FileNotFoundError):
            self.read(live_destination, path)

    def test_a_failure_at_the_end_takes_everything_back(
        self, live_destination: Destination, path: str
    ) -> None:
        live_destination.from_df(OLD, path)
        name = path.rpartition(".")[2]
        statement = f"CREATE UNIQUE INDEX {name}_text ON {path} (text)"
        self.execute(live_destination, statement)
        with pytest.raises(DestinationRejectedError):
            live_destination.from_batches([BATCH, BATCH], path, mode="replace")
        assert self.read(live_destination, path).to_pylist() == OLD.to_dict("records")
