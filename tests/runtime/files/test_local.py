import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from socket import gaierror
from ssl import SSLError

import pyarrow as pa
import pytest
from runtime.exceptions import DestinationExistsError, DestinationRejectedError
from runtime.files.destination import STALE_AFTER
from runtime.files.local import LocalFolder

from tests.runtime.frames import BATCH, NEW, OLD
from tests.runtime.places import Files


def test_nothing_else_stays_beside_the_file(folder: Files, tmp_path: Path) -> None:
    folder.destination.from_df(OLD, "file.parquet")
    with pytest.raises(DestinationExistsError):
        folder.destination.from_df(NEW, "file.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["file.parquet"]


@pytest.fixture
def umask() -> Iterator[None]:
    former = os.umask(0o027)
    yield
    os.umask(former)


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_permissions_of_any_new_file(
    folder: Files, tmp_path: Path
) -> None:
    folder.destination.from_df(NEW, "file.parquet")
    assert (tmp_path / "file.parquet").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o664], ids=oct)
def test_a_replaced_file_keeps_its_permissions(
    folder: Files, tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "file.parquet"
    folder.destination.from_df(OLD, file.name)
    file.chmod(mode)
    folder.destination.from_df(NEW, file.name, overwrite=True)
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
    folder: Files, error: OSError
) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield BATCH
        raise error

    with pytest.raises(type(error)) as caught:
        folder.destination.from_batches(broken_off(), "file.parquet")
    assert caught.value is error


def test_a_retry_after_the_file_appeared_needs_overwrite(folder: Files) -> None:
    folder.destination.from_df(OLD, "file.parquet", load_id="monday")
    with pytest.raises(DestinationExistsError, match="overwrite"):
        folder.destination.from_df(NEW, "file.parquet", load_id="monday")
    folder.destination.from_df(NEW, "file.parquet", load_id="monday", overwrite=True)
    assert folder.read("file.parquet").num_rows == len(NEW)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_needs_overwrite(
    folder: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(DestinationRejectedError, match=r"no hard links.*overwrite"):
        folder.destination.from_df(NEW, "file.parquet")
    assert not list(tmp_path.iterdir())
    folder.destination.from_df(NEW, "file.parquet", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file.parquet"]


def test_the_file_of_a_load_killed_a_day_ago_is_deleted(
    folder: Files, tmp_path: Path
) -> None:
    old, new, other = (
        tmp_path / f".{name}.partial"
        for name in ("file.parquet.old", "file.parquet.new", "others.parquet.old")
    )
    long_ago = time.time() - STALE_AFTER.total_seconds() - 1
    for partial in (old, new, other):
        partial.touch()
    for partial in (old, other):
        os.utime(partial, (long_ago, long_ago))
    folder.destination.from_df(OLD, "file.parquet")
    assert {*tmp_path.iterdir()} == {tmp_path / "file.parquet", new, other}


@pytest.mark.parametrize("path", ["../out.parquet", "/etc/out.parquet"])
def test_a_path_out_of_the_root_is_refused(folder: Files, path: str) -> None:
    with pytest.raises(DestinationRejectedError, match="leads out"):
        folder.destination.from_df(NEW, path)


def test_a_missing_root_is_not_created(tmp_path: Path) -> None:
    root = tmp_path / "share"
    destination = LocalFolder(credentials={"root": root})
    with pytest.raises(DestinationRejectedError, match="missing"):
        destination.from_df(NEW, "file.parquet")
    assert not root.exists()


def test_a_file_in_the_place_of_a_folder_stays(folder: Files, tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file", encoding="utf-8")
    with pytest.raises((DestinationRejectedError, DestinationExistsError)):
        folder.destination.from_df(NEW, "folder/file.parquet")
    assert (tmp_path / "folder").read_text(encoding="utf-8") == "a file"
