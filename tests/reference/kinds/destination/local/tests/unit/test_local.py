from collections.abc import Iterator
import errno
import os
from pathlib import Path
from socket import gaierror
from ssl import SSLError
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
from ..contracts.destination import (
    BATCH,
    NEW,
    OLD,
    LiveFileDestinationContract,
)


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


@pytest.fixture
def umask() -> Iterator[None]:
    former = os.umask(0o027)
    yield
    os.umask(former)


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_permissions_of_any_new_file(
    destination: LocalFolder,
    tmp_path: Path,
) -> None:
    destination.from_df(NEW, "file.parquet")
    assert (tmp_path / "file.parquet").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o664], ids=oct)
def test_a_file_that_is_replaced_keeps_its_permissions(
    destination: LocalFolder,
    tmp_path: Path,
    mode: int,
) -> None:
    file = tmp_path / "file.parquet"
    destination.from_df(OLD, file.name)
    file.chmod(mode)
    destination.from_df(NEW, file.name, overwrite=True)
    assert file.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    "error",
    [
        FileExistsError("of the source"),
        OSError("of the source"),
        PermissionError("of the source"),
        gaierror("of the source"),
        SSLError("of the source"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_the_source_is_not_the_folder_s(
    destination: LocalFolder,
    error: OSError,
) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield BATCH
        raise error

    with pytest.raises(type(error)) as caught:
        destination.from_batches(broken_off(), "file.parquet")
    assert caught.value is error


def test_a_retry_after_the_file_appeared_needs_overwrite(
    destination: LocalFolder,
    tmp_path: Path,
) -> None:
    destination.from_df(OLD, "file.parquet", load_id="monday")
    with pytest.raises(DestinationExistsError, match="overwrite"):
        destination.from_df(NEW, "file.parquet", load_id="monday")
    destination.from_df(NEW, "file.parquet", load_id="monday", overwrite=True)
    assert parquet.read_table(tmp_path / "file.parquet").num_rows == len(NEW)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_is_said_and_nothing_is_left(
    destination: LocalFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(DestinationRejectedError, match=r"no hard links.*overwrite"):
        destination.from_df(NEW, "file.parquet")
    assert not list(tmp_path.iterdir())
    destination.from_df(NEW, "file.parquet", overwrite=True)
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
