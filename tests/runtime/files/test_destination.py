"""Every destination of files, on a real part."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from runtime.exceptions import (
    FatalError,
    UnsupportedFormatError,
    VerificationError,
)
from runtime.files import destination
from runtime.files.destination import is_stale, partial_path, partial_start

from tests.runtime.frames import BATCH, NEW, OLD, OLD_ROWS, read_all
from tests.runtime.places import Files


@pytest.fixture(params=["lake", "store", "folder"])
def place(request: pytest.FixtureRequest) -> Files:
    found: Files = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["lake", "store"])
def remote(request: pytest.FixtureRequest) -> Files:
    found: Files = request.getfixturevalue(request.param)
    return found


def noise(mebibytes: int) -> Iterator[pa.RecordBatch]:
    for _ in range(mebibytes):
        yield pa.RecordBatch.from_pydict({"noise": [os.urandom(1024 * 1024)]})


def test_an_unknown_suffix_is_refused_before_anything_is_read(place: Files) -> None:
    unread: Iterator[pa.RecordBatch] = iter([BATCH])
    with pytest.raises(UnsupportedFormatError, match=r"\.parquet"):
        place.destination.from_batches(unread, "folder/file.xlsx")
    assert next(unread) == BATCH


@pytest.mark.parametrize("path", ["folder/.parquet", "folder/.parquet/"])
def test_a_suffix_alone_is_no_name(place: Files, path: str) -> None:
    with pytest.raises(FatalError):
        place.destination.from_batches([BATCH], path)


def test_a_check_leaves_the_other_files_of_the_folder_as_they_were(
    place: Files,
) -> None:
    path = place.fresh()
    folder, _, name = path.rpartition("/")
    others = [f"{folder}/_{name}", f"{folder}/_{name}.partial.parquet"]
    for each in others:
        place.destination.from_df(OLD, each)
    place.destination.from_batches([BATCH], path, check=read_all)
    assert [place.rows(each) for each in others] == [OLD_ROWS, OLD_ROWS]
    assert place.beside(path) == {path, *others}


def test_two_checked_loads_of_one_file_see_their_own_rows(place: Files) -> None:
    def check(batches: Iterator[pa.RecordBatch]) -> None:
        place.destination.from_df(OLD, path, check=read_all)
        seen.extend(pa.Table.from_batches(batches).to_pylist())

    seen: list[dict[str, Any]] = []
    path = place.fresh()
    place.destination.from_batches([BATCH], path, check=check, overwrite=True)
    assert seen == BATCH.to_pylist()
    assert place.rows(path) == BATCH.to_pylist()


def test_another_file_at_the_path_is_noticed(place: Files) -> None:
    path = place.fresh()
    written = place.destination.from_batches([BATCH], path)
    place.destination.from_df(OLD, path, overwrite=True)
    with pytest.raises(VerificationError, match="SHA-256"):
        place.destination.verify(written)
    with pytest.raises(VerificationError, match="load it again"):
        place.destination.verify(replace(written, path=f"{path}.gone"))


def test_a_flipped_byte_is_noticed(place: Files) -> None:
    path = place.fresh()
    batch = pa.RecordBatch.from_pydict({"number": [*range(1000)]})
    written = place.destination.from_batches([batch], path)
    whole = place.content(path)
    places = random.Random(4).sample(range(len(whole)), 30)
    for at in (0, len(whole) - 1, *places):
        place.put(path, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(VerificationError, match="SHA-256"):
            place.destination.verify(written)


def test_an_empty_file_is_a_file(place: Files) -> None:
    path = place.fresh().replace(".parquet", ".jsonl")
    written = place.destination.from_df(NEW.head(0), path)
    assert (written.bytes, place.content(path)) == (0, b"")
    place.destination.verify(written)


def test_a_file_of_several_blocks_arrives_whole(remote: Files) -> None:
    path = remote.fresh()
    batches = list(noise(40))
    written = remote.destination.from_batches(batches, path, verify_bytes=True)
    assert remote.read(path) == pa.Table.from_batches(batches)
    assert written.bytes == len(remote.content(path))
    remote.destination.verify(written)


def test_a_checked_file_of_several_blocks_arrives_whole(remote: Files) -> None:
    path = remote.fresh()
    batches = list(noise(40))
    seen: list[pa.Table] = []
    remote.destination.from_batches(
        batches, path, check=lambda found: seen.append(pa.Table.from_batches(found))
    )
    assert seen == [pa.Table.from_batches(batches)]
    assert remote.read(path) == seen[0]


def test_an_error_after_several_blocks_leaves_the_former_file(remote: Files) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield from noise(40)
        msg = "the source broke off"
        raise ConnectionError(msg)

    path = remote.fresh()
    remote.destination.from_df(OLD, path)
    with pytest.raises(ConnectionError, match="the source broke off"):
        remote.destination.from_batches(broken_off(), path, overwrite=True)
    assert remote.rows(path) == OLD_ROWS


def test_a_retry_replaces_the_file_of_its_own_load(remote: Files) -> None:
    path = remote.fresh()
    remote.destination.from_df(OLD, path, load_id="monday")
    remote.destination.from_df(NEW, path, load_id="monday")
    assert remote.read(path).num_rows == len(NEW)


def test_the_file_of_a_load_killed_a_day_ago_is_deleted(
    remote: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = remote.fresh()
    hidden = path.replace("file.", "_file.")
    kept = {path, f"{hidden}.partial", f"{hidden}.{'0' * 31}.partial"}
    left = f"{hidden}.{'0' * 32}.partial"
    for each in (*kept, left):
        remote.put(each, b"left")
    remote.destination.from_batches([BATCH], path, overwrite=True, check=read_all)
    assert remote.beside(path) == {*kept, left}
    # As if a day had passed.
    monkeypatch.setattr(destination, "STALE_AFTER", timedelta(minutes=-1))
    remote.destination.from_batches([BATCH], path, overwrite=True, check=read_all)
    assert remote.beside(path) == kept


def test_only_parquet_can_be_verified_in_full(folder: Files) -> None:
    folder.destination.check_verifiable("folder/file.parquet")
    with pytest.raises(UnsupportedFormatError, match=r"\.parquet"):
        folder.destination.check_verifiable("folder/file.csv")


def test_each_load_has_a_hidden_path_of_its_own() -> None:
    one, other = (partial_path("lake/a.parquet", each) for each in ("one", "other"))
    assert one != other
    for path in (one, other):
        assert path.startswith("lake/_a.parquet.")
        assert path.endswith(".partial")
    assert partial_path("lake/a.parquet", "one") == one
    assert partial_path("a.parquet", "../b").count("/") == 0


@pytest.mark.parametrize(
    ("name", "days", "stale"),
    [
        (f"{'0' * 32}.partial", 1.1, True),
        (f"{'0' * 32}.partial", 0.9, False),
        (f"{'0' * 31}.partial", 2, False),
        (f"{'0' * 32}.partial.parquet", 2, False),
        ("partial", 2, False),
    ],
)
def test_only_an_old_partial_file_is_stale(
    name: str, days: float, *, stale: bool
) -> None:
    start = partial_start("lake/a.parquet")
    modified = datetime.now(UTC) - timedelta(days=days)
    assert is_stale(start + name, start, modified) is stale
