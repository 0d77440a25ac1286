"""Files in blocks of ten bytes, kept in memory."""

import io
import random
import threading
from concurrent import futures
from typing import Any

import pytest
from runtime.destination import Written
from runtime.exceptions import VerificationError
from runtime.files.blocks import BlockReader, BlockWriter, copy_checked
from runtime.files.formats import write_batches

from tests.runtime.frames import BATCH, read_all

CONTENT = bytes(range(95))


class Reader(BlockReader):
    block_bytes = 10

    def __init__(self, content: bytes) -> None:
        super().__init__(len(content))
        self._content = content

    def download(self, offset: int, length: int) -> bytes:
        assert length > 0
        return self._content[offset : offset + length]


class Writer(BlockWriter):
    block_bytes = 10

    def __init__(self) -> None:
        super().__init__("there")
        self.sent: list[bytes] = []

    def start(self, block: bytes) -> futures.Future[Any]:
        self.sent.append(block)
        sending: futures.Future[Any] = futures.Future()
        sending.set_result(None)
        return sending


def test_a_file_is_read_in_any_order_like_one_in_memory() -> None:
    reader, memory = io.BufferedReader(Reader(CONTENT), 7), io.BytesIO(CONTENT)
    chance = random.Random(5)
    for _ in range(200):
        whence = chance.choice([io.SEEK_SET, io.SEEK_END])
        offset = chance.randrange(120) - (100 if whence == io.SEEK_END else 0)
        if whence == io.SEEK_END and offset < -len(CONTENT):
            continue
        assert reader.seek(offset, whence) == memory.seek(offset, whence)
        length = chance.randrange(30)
        assert reader.read(length) == memory.read(length)
        assert reader.tell() == memory.tell()


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20, 95])
def test_a_file_is_read_and_written_in_blocks(length: int) -> None:
    reader, writer = Reader(CONTENT[:length]), Writer()
    for block in reader.blocks():
        writer.write(block)
    assert b"".join(writer.sent) + writer.rest == CONTENT[:length]
    assert all(len(block) == Writer.block_bytes for block in writer.sent)
    assert len(writer.rest) <= Writer.block_bytes
    assert writer.tell() == length


def test_the_next_block_is_not_sent_before_the_previous_one_arrived() -> None:
    class Slow(Writer):
        def start(self, block: bytes) -> futures.Future[Any]:
            assert all(each.done() for each in started)
            started.append(futures.Future())
            threading.Timer(0.05, started[-1].set_result, [None]).start()
            return started[-1]

    started: list[futures.Future[Any]] = []
    writer = Slow()
    writer.write(CONTENT)
    writer.wait()
    assert len(started) == len(CONTENT) // 10
    assert all(each.done() for each in started)


def test_an_error_of_a_block_is_raised_at_the_next_one() -> None:
    class Broken(Writer):
        def start(self, block: bytes) -> futures.Future[Any]:
            sending: futures.Future[Any] = futures.Future()
            sending.set_exception(ConnectionError("it broke"))
            return sending

    writer = Broken()
    writer.write(CONTENT[:11])
    with pytest.raises(ConnectionError, match="it broke"):
        writer.write(CONTENT[:20])


def test_a_file_read_back_with_other_bytes_is_refused() -> None:
    sink, writer = io.BytesIO(), Writer()
    written = write_batches([BATCH], sink, "file.parquet")
    copy_checked(Reader(sink.getvalue()), writer, written, read_all)
    assert b"".join(writer.sent) + writer.rest == sink.getvalue()
    other = Written(written.path, written.rows, written.bytes, "0" * 64)
    with pytest.raises(VerificationError, match="other bytes"):
        copy_checked(Reader(sink.getvalue()), Writer(), other, read_all)
