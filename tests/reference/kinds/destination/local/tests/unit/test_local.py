import os
from pathlib import Path
import time

import pyarrow as pa
from pyarrow import parquet
import pytest

from acme.exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
)
from acme.sources import LocalFolder
from acme.sources.local_folder import STALE_SECONDS
from ..contracts.destination import NEW, OLD, LiveFileDestinationContract


@pytest.fixture
def destination(tmp_path: Path) -> LocalFolder:
    return LocalFolder(credentials={"root": tmp_path})


class TestLocalFolder(LiveFileDestinationContract):
    @pytest.fixture
    def live_destination(
        self,
        destination: LocalFolder,
    ) -> LocalFolder:
        return destination

    @pytest.fixture
    def path(self) -> str:
        return "folder/file.parquet"

    def read(
        self,
        destination: LocalFolder,
        path: str,
    ) -> pa.Table:
        return parquet.read_table(destination.credentials.root / path)


def test_nothing_else_is_left_beside_the_file(
    destination: LocalFolder,
    tmp_path: Path,
) -> None:
    destination.from_df(OLD, "file.parquet")
    with pytest.raises(DestinationExistsError):
        destination.from_df(NEW, "file.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["file.parquet"]


def test_what_a_killed_load_left_a_day_ago_is_deleted(
    destination: LocalFolder,
    tmp_path: Path,
) -> None:
    old, new, other = (
        tmp_path / f".{name}.partial"
        for name in ("file.parquet.old", "file.parquet.new", "others.parquet.old")
    )
    a_day_ago = time.time() - STALE_SECONDS
    for partial in (old, new, other):
        partial.touch()
    for partial in (old, other):
        os.utime(partial, (a_day_ago - 1, a_day_ago - 1))
    destination.from_df(OLD, "file.parquet")
    assert {*tmp_path.iterdir()} == {tmp_path / "file.parquet", new, other}


@pytest.mark.parametrize("path", ["../out.parquet", "/etc/out.parquet"])
def test_a_path_out_of_the_root_is_refused(
    destination: LocalFolder,
    path: str,
) -> None:
    with pytest.raises(DestinationRejectedError, match="leads out"):
        destination.from_df(NEW, path)


def test_a_missing_root_is_said_and_not_made(tmp_path: Path) -> None:
    root = tmp_path / "share"
    destination = LocalFolder(credentials={"root": root})
    with pytest.raises(DestinationRejectedError, match="missing"):
        destination.from_df(NEW, "file.parquet")
    assert not root.exists()


def test_a_file_in_the_place_of_a_folder_is_said(
    destination: LocalFolder,
    tmp_path: Path,
) -> None:
    (tmp_path / "folder").write_text("a file", encoding="utf-8")
    with pytest.raises((DestinationRejectedError, DestinationExistsError)):
        destination.from_df(NEW, "folder/file.parquet")
    assert (tmp_path / "folder").read_text(encoding="utf-8") == "a file"
