"""Files of a remote store, which are written and read in blocks."""

from abc import abstractmethod
from collections.abc import Iterator
from concurrent import futures
from hashlib import sha256
import io
import os
from typing import Any, ClassVar, TypeVar

from ..destination import Check, Written
from ..exceptions import DestinationUnavailableError, VerificationError
from ..waiting import OverdueError, result_of
from .formats import read_batches

ANSWER_SECONDS = 300  # for one request, with its retries
CLEAN_SECONDS = 2  # for what is deleted after a load that failed

T = TypeVar("T")


def answer_of(
    request: futures.Future[T], where: str, seconds: float | None = None
) -> T:
    """Return a store's answer to a request, or raise its error.

    Args:
        request: It was sent already, in another thread.
        where: The file.
        seconds: The time limit, from now on. `ANSWER_SECONDS` by default.

    Raises:
        DestinationUnavailableError: There was none in time.
    """
    seconds = seconds or ANSWER_SECONDS
    try:
        return result_of(request, seconds=seconds, cancel=request.cancel)
    except OverdueError as err:
        raise DestinationUnavailableError(
            f"The store didn't answer within {seconds} seconds.",
            where,
            "try again; if it persists, check what is between here and the store.",
        ) from err


class BlockWriter(io.RawIOBase):
    """A file to write, which stays hidden until a subclass commits it.

    One block is sent while the next one is filled. A subclass sends `rest` last.
    """

    block_bytes: ClassVar[int]

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where
        self.rest = bytearray()
        self._position = 0
        self._sending: futures.Future[Any] | None = None

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._position

    def write(self, data: Any) -> int:
        """Add bytes, and send each block that they fill."""
        view = memoryview(data).cast("B")
        self.rest += view
        self._position += view.nbytes
        while len(self.rest) > self.block_bytes:
            self.send(bytes(self.rest[: self.block_bytes]))
            del self.rest[: self.block_bytes]
        return view.nbytes

    def send(self, block: bytes) -> None:
        """Start to send a block after the previous one has arrived."""
        self.wait()
        self._sending = self.start(block)

    @abstractmethod
    def start(self, block: bytes) -> futures.Future[Any]:
        """Start to send a block, and return at once."""

    def wait(self) -> None:
        """Wait for the block that is being sent, and raise its error if it has one."""
        if self._sending:
            answer_of(self._sending, self.where)
        self._sending = None

    def settle(self) -> None:
        """Wait for the block that is being sent, whatever becomes of it."""
        if self._sending:
            futures.wait([self._sending])


class BlockReader(io.RawIOBase):
    """One version of a file, to read in any order."""

    block_bytes: ClassVar[int]

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position that is read next."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set the position that is read next, and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        self._position = start[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or read up to the end of the file."""
        data = self._part(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def blocks(self) -> Iterator[bytes]:
        """Yield all bytes, in blocks."""
        for offset in range(0, self._size, self.block_bytes):
            yield self._part(offset, self.block_bytes)

    @abstractmethod
    def download(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes, at least one, from `offset` on."""

    def _part(self, offset: int, length: int) -> bytes:
        length = min(length, self._size - offset)
        return self.download(offset, length) if length > 0 else b""


def copy_checked(
    reader: BlockReader, file: BlockWriter, written: Written, check: Check
) -> None:
    """Check a file that was written, and copy it to the one that will appear.

    Raises:
        VerificationError: It was read back with other bytes than were sent, or `check`
            raised this.
    """
    check(read_batches(reader, written.path))
    copied = sha256()
    for block in reader.blocks():
        copied.update(block)
        file.write(block)
    if copied.hexdigest() != written.sha256:
        raise VerificationError(
            "The file was read back with other bytes than were sent.",
            written.path,
            "run it again.",
        )
