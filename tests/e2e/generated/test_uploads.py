"""Uploads to Azurite that are broken off, killed, raced or left without an answer."""

import signal
import threading
import uuid
from contextlib import ExitStack
from typing import NamedTuple

import pyarrow as pa
import pytest
from pyarrow import fs, parquet
from sourcewright.services import Azurite

from tests.e2e.generated.proxy import Fate, Proxy, Request
from tests.e2e.generated.uploads import (
    BLOCKS,
    MEBIBYTES,
    ROWS,
    StallAtTheLastBlock,
    Uploader,
)

CONTAINER = "uploads"
FORMER = b"the former file, whatever is in it"


class Lake(NamedTuple):
    """A container of Azurite, looked at without the proxy."""

    azurite: Azurite

    def path(self) -> str:
        """Return a path where nothing is."""
        return f"{CONTAINER}/{uuid.uuid4()}/file.parquet"

    def put_former(self) -> str:
        """Return a path where the former file is."""
        path = self.path()
        with self.azurite.filesystem.open_output_stream(path) as file:
            file.write(FORMER)
        return path

    def content(self, path: str) -> bytes:
        with self.azurite.filesystem.open_input_stream(path) as file:
            content: bytes = file.read()
            return content

    def table(self, path: str) -> pa.Table:
        """Read a file that must be alone in its folder."""
        folder = path.rpartition("/")[0]
        selector = fs.FileSelector(folder, recursive=True)
        found = self.azurite.filesystem.get_file_info(selector)
        assert [info.path for info in found] == [path]
        return parquet.read_table(path, filesystem=self.azurite.filesystem)


@pytest.fixture(scope="module")
def lake(azurite: Azurite) -> Lake:
    azurite.create_container(CONTAINER)
    return Lake(azurite)


def blocks(proxy: Proxy) -> int:
    return sum(request.is_block for request in proxy.seen)


def commits(proxy: Proxy) -> int:
    return sum(request.is_commit for request in proxy.seen)


def test_a_file_of_several_blocks_appears_by_one_commit(
    lake: Lake, proxy: Proxy, uploader: Uploader
) -> None:
    path = lake.path()
    with uploader.by_class(proxy, path) as upload:
        assert upload.said() == "written\n"
    assert (blocks(proxy), commits(proxy)) == (BLOCKS, 1)
    assert lake.table(path).num_rows == MEBIBYTES


def test_an_exception_in_the_middle_leaves_the_former_file(
    lake: Lake, proxy: Proxy, uploader: Uploader
) -> None:
    path = lake.put_former()
    with uploader.by_class(proxy, path, broken=True, overwrite=True) as upload:
        assert upload.said() == "RuntimeError the source broke off\n"
    assert blocks(proxy) >= BLOCKS - 1, "blocks of the new file have arrived"
    assert commits(proxy) == 0
    assert lake.content(path) == FORMER


def test_a_token_that_ends_in_the_middle_of_a_flow_leaves_the_former_file(
    lake: Lake, proxy: Proxy, uploader: Uploader
) -> None:
    path = lake.put_former()
    proxy.rule = lambda request: (
        "refuse" if request.is_block and blocks(proxy) == BLOCKS else "pass"
    )
    with uploader.by_flow(proxy, path, overwrite=True) as upload:
        upload.said()
    assert uploader.result()["type"] == "CredentialError"
    assert blocks(proxy) == BLOCKS
    assert lake.content(path) == FORMER


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=str)
@pytest.mark.parametrize("way", ["class", "flow"])
def test_a_killed_upload_leaves_the_former_file(
    lake: Lake, proxy: Proxy, uploader: Uploader, number: signal.Signals, way: str
) -> None:
    path = lake.put_former()
    proxy.rule = stall = StallAtTheLastBlock()
    started = (
        uploader.by_class(proxy, path, overwrite=True)
        if way == "class"
        else uploader.by_flow(proxy, path, overwrite=True)
    )
    with started as upload:
        assert stall.reached.wait(timeout=60), upload.process.poll()
        upload.process.send_signal(number)
        stall.released.set()
        upload.said()
        assert upload.process.returncode != 0
    assert blocks(proxy) >= BLOCKS
    assert lake.content(path) == FORMER


def test_a_killed_upload_leaves_no_visible_file(
    lake: Lake, proxy: Proxy, uploader: Uploader
) -> None:
    path = lake.path()
    proxy.rule = stall = StallAtTheLastBlock()
    with uploader.by_class(proxy, path) as upload:
        assert stall.reached.wait(timeout=60), upload.process.poll()
        upload.process.kill()
        stall.released.set()
    with pytest.raises(FileNotFoundError):
        lake.content(path)
    # And it is in nobody's way.
    proxy.rule = lambda _: "pass"
    with uploader.by_class(proxy, path) as upload:
        assert upload.said() == "written\n"
    assert lake.table(path).num_rows == MEBIBYTES


def both_at_once(
    lake: Lake, proxy: Proxy, uploader: Uploader, *, overwrite: bool
) -> tuple[dict[str, str], pa.Table]:
    """Let two processes write one file, so that both have sent all before one commits.

    Returns what each said, and what is in the file.
    """
    meeting = threading.Barrier(2, timeout=60)

    def meet(request: Request) -> Fate:
        if request.is_commit:
            meeting.wait()
        return "pass"

    proxy.rule = meet
    path = lake.path()
    with ExitStack() as stack:
        uploads = {
            text: stack.enter_context(
                uploader.by_class(proxy, path, text=text, overwrite=overwrite)
            )
            for text in ("Ada", "Bob")
        }
        said = {text: upload.said() for text, upload in uploads.items()}
    return said, lake.table(path)


@pytest.mark.parametrize(
    ("overwrite", "loser_says"),
    [(False, "DestinationExistsError"), (True, "DestinationUnavailableError")],
    ids=["overwrite=False", "overwrite=True"],
)
def test_of_two_writers_at_once_exactly_one_wins(
    lake: Lake, proxy: Proxy, uploader: Uploader, *, overwrite: bool, loser_says: str
) -> None:
    said, table = both_at_once(lake, proxy, uploader, overwrite=overwrite)
    (winner,) = [text for text, words in said.items() if words == "written\n"]
    (loser,) = said.keys() - {winner}
    assert said[loser].startswith(loser_says)
    assert table.column("writer").to_pylist() == [winner] * MEBIBYTES


class LoseOneAnswer:
    """Loses the answer to the first commit, after Azurite has made it."""

    def __init__(self) -> None:
        self.lost = 0

    def __call__(self, request: Request) -> Fate:
        if request.is_commit and not self.lost:
            self.lost += 1
            return "lose the answer"
        return "pass"


def test_a_lost_answer_to_the_commit_is_no_failure(
    lake: Lake, proxy: Proxy, uploader: Uploader
) -> None:
    path = lake.path()
    proxy.rule = lose = LoseOneAnswer()
    with uploader.by_class(proxy, path, load_id="monday") as upload:
        first = upload.said()
    assert lose.lost == 1
    if first != "written\n":  # the task would try again, with the same load id
        assert first.startswith("DestinationUnavailableError")
        with uploader.by_class(proxy, path, load_id="monday") as upload:
            assert upload.said() == "written\n"
    assert lake.table(path).num_rows == MEBIBYTES


def test_a_lost_answer_to_the_commit_of_a_flow_ends_in_one_file(
    lake: Lake, proxy: Proxy, uploader: Uploader
) -> None:
    path = lake.path()
    proxy.rule = lose = LoseOneAnswer()
    with uploader.by_flow(proxy, path, overwrite=False) as upload:
        upload.said()
    assert lose.lost == 1
    assert commits(proxy) > 1
    assert uploader.result()["state"] == "COMPLETED"
    assert lake.table(path).num_rows == ROWS
