"""Read the body of an answer within a limit, however it is compressed."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
import zlib

from ..exceptions import UnexpectedResponseError

if TYPE_CHECKING:
    import httpx

ENCODING = "gzip"  # what a client asks for
ENCODINGS = {ENCODING, "x-gzip", "deflate"}
# zlib finds out by the first bytes which of them it is. RFC 9110, section 8.4.1
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
MEMBER = b"\x1f"  # how another one begins
PIECE_BYTES = 64 * 1024


def read_body(response: "httpx.Response", address: str, most: int) -> bytes:
    """Return the body of an answer, decompressed. Memory: `most`, and one piece.

    Args:
        response: Its body is unread.
        address: Where it is from, without secrets.
        most: How many bytes it may have.

    Raises:
        UnexpectedResponseError: It has more, or is compressed in another way or twice.
        zlib.error: It can't be decompressed.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    pieces: Iterable[bytes] = response.iter_raw()
    if encoding in ENCODINGS:
        pieces = decompressed(pieces)
    elif encoding not in {"", "identity"}:
        raise UnexpectedResponseError(
            "The answer is compressed in a way that wasn't asked for.",
            address,
            f"ask the API's operator to send {ENCODING}, or nothing compressed.",
        )
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > most:
            raise UnexpectedResponseError(
                f"The answer has more than {most} bytes.",
                address,
                "ask for smaller pages, or raise `page_bytes`.",
            )
    return bytes(body)


def decompressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the decompressed bytes of `parts`, in pieces of at most `PIECE_BYTES`.

    Raises:
        zlib.error: They aren't gzip or zlib, or end too soon.
    """
    unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
    begun = False
    for part in parts:
        rest, piece = part, b""
        while rest or (len(piece) == PIECE_BYTES and not unpacker.eof):
            if unpacker.eof:  # a gzip file may have several members, and then padding
                if not rest.startswith(MEMBER):
                    return
                unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
            begun = True
            piece = unpacker.decompress(rest, PIECE_BYTES)
            yield piece
            rest = unpacker.unused_data or unpacker.unconsumed_tail
    if begun and not unpacker.eof:
        msg = "it ends too soon"
        raise zlib.error(msg)
