"""Bodies of answers: compressed, too long, broken off, or trickling in."""

import gzip
import random
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from runtime.exceptions import SourceUnavailableError, UnexpectedResponseError
from runtime.rest.authentication import NoAuthentication
from runtime.rest.bodies import PIECE_BYTES, decompressed

from tests.runtime.rest.http_server import HttpServer, Reply
from tests.runtime.rest.orders import QUICK, TWO, ids, source

MEGABYTE = 2**20
LENGTHS = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]


def twice(data: bytes) -> bytes:
    """Return a file of two members, as `cat a.gz b.gz` makes."""
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


def padded(data: bytes) -> bytes:
    """Return a file with zeros behind it, as tapes have them."""
    return gzip.compress(data) + bytes(512)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, twice, padded])
@pytest.mark.parametrize("length", LENGTHS)
def test_any_division_into_parts_gives_the_same_bytes(
    compress: Callable[[bytes], bytes], length: int
) -> None:
    chance = random.Random(length)
    for data in (bytes(length), chance.randbytes(length)):
        packed = compress(data)
        for size in (1 + len(packed) // 50, 1 + len(packed) // 3, len(packed)):
            parts = (packed[at : at + size] for at in range(0, len(packed), size))
            pieces = list(decompressed(parts))
            assert b"".join(pieces) == data
            assert all(len(piece) <= PIECE_BYTES for piece in pieces)


def packed(encoding: str, body: bytes) -> Reply:
    return Reply(body, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "GZip", "x-gzip", "identity"])
def test_an_answer_is_decompressed(server: HttpServer, encoding: str) -> None:
    body = TWO if encoding == "identity" else gzip.compress(TWO)
    server.answer = lambda _request: packed(encoding, body)
    assert ids(source(server)) == [1, 2]
    assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip;q=1"])
def test_an_encoding_that_was_not_asked_for_is_refused(
    server: HttpServer, encoding: str
) -> None:
    server.answer = lambda _request: packed(encoding, gzip.compress(TWO))
    with pytest.raises(UnexpectedResponseError, match="wasn't asked for"):
        ids(source(server))


def test_little_that_becomes_much_is_refused_in_little_memory(
    server: HttpServer,
) -> None:
    bomb = gzip.compress(bytes(200 * MEGABYTE), 9)
    server.answer = lambda _request: packed("gzip", bomb)
    limits = replace(QUICK, page_bytes=MEGABYTE)
    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponseError, match="more than 1048576 bytes"):
            ids(source(server, limits=limits))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE


@pytest.mark.parametrize(
    "body",
    [gzip.compress(TWO)[:-9], gzip.compress(TWO)[:-4], b"\x1f\x8bno"],
    ids=["data", "checksum", "header"],
)
def test_a_compressed_body_that_ends_too_soon_is_asked_for_again(
    server: HttpServer, body: bytes
) -> None:
    replies = [packed("gzip", body), packed("gzip", gzip.compress(TWO))]
    server.answer = lambda _request: replies.pop(0)
    assert ids(source(server)) == [1, 2]
    assert len(server.requests) == 2


def test_no_content_is_no_records(server: HttpServer) -> None:
    server.answer = lambda _request: Reply(b"", 204)
    assert ids(source(server)) == []


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEADERS + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
# A block of a gzip file that holds nothing, as a chunk of HTTP.
EMPTY_BLOCK = b"5\r\n\x00\x00\x00\xff\xff\r\n"


def headers_for_ever() -> Iterator[bytes]:
    yield HEADERS
    while True:
        yield b"X-Header: 1\r\n"


def one_header_for_ever() -> Iterator[bytes]:
    yield HEADERS + b"X-Header: "
    while True:
        yield b"1"


def body_for_ever() -> Iterator[bytes]:
    yield HEADERS + b"\r\n"
    while True:
        yield b" "


def empty_blocks_for_ever() -> Iterator[bytes]:
    start = gzip.compress(b"")[:10]
    yield CHUNKED + b"a\r\n" + start + b"\r\n"
    while True:
        yield EMPTY_BLOCK


@pytest.mark.parametrize(
    "answer",
    [headers_for_ever, one_header_for_ever, body_for_ever, empty_blocks_for_ever],
)
def test_an_answer_that_never_ends_is_given_up_at_the_limit(
    server: HttpServer, answer: Callable[[], Iterator[bytes]]
) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                try:
                    for part in answer():
                        connection.sendall(part)
                        if over.wait(0.05):
                            return
                except OSError:
                    over.set()  # the client has cut it

        threading.Thread(target=serve, daemon=True).start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        limits = replace(QUICK, total_seconds=1, read_seconds=60)
        slow = source(server, NoAuthentication, limits, base_url=address)
        with pytest.raises(SourceUnavailableError, match=r"within 1 seconds|Attempts"):
            ids(slow)
        assert over.wait(10), "the connection is still open"
