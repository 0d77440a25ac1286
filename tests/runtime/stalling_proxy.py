"""A proxy before a server that falls silent, as a cut line does."""

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

CHUNK = 16 * 1024
LONGEST_PATTERN = 200


class Passed(NamedTuple):
    """What has arrived at the proxy.

    Attributes:
        sent: How many bytes the client sent.
        answered: How many bytes the server sent.
        last: The client's last bytes.
        is_answer: Whether the server sent bytes last.
    """

    sent: int
    answered: int
    last: bytes
    is_answer: bool


When = Callable[[Passed], bool]


def at_once(_passed: Passed) -> bool:
    """Nothing is ever answered."""
    return True


def on(pattern: bytes) -> When:
    """When the client sends these bytes; they don't arrive."""
    return lambda passed: pattern in passed.last and not passed.is_answer


def at_answer(pattern: bytes) -> When:
    """When the server answers these bytes of the client."""
    return lambda passed: pattern in passed.last and passed.is_answer


def after_sent(count: int) -> When:
    """When the client has sent so many bytes."""
    return lambda passed: passed.sent > count


def after_answered(count: int) -> When:
    """When the server has sent so many bytes."""
    return lambda passed: passed.answered > count


class StallingProxy:
    """Passes bytes both ways until `when`; then nothing any more, on no connection.

    Connections stay open, and new ones are accepted.

    Attributes:
        port: Where it listens.
        frozen: Set once nothing is passed on.
    """

    def __init__(self, target: tuple[str, int], when: When) -> None:
        """Listen; connections are served once the block is entered."""
        self.frozen = threading.Event()
        self._target, self._when = target, when
        self._passed = Passed(0, 0, b"", is_answer=False)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Serve connections from now on."""
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close everything."""
        for each in (self._listener, *self._open):
            each.close()

    def is_left(self, seconds: float) -> bool:
        """Return whether its first client closes the connection in time."""
        with contextlib.suppress(TimeoutError):
            self._open[0].settimeout(seconds)
            while self._open[0].recv(CHUNK):
                pass
            return True
        return False

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # when it is closed
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self._when(self._passed):
                    self.frozen.set()
                if self.frozen.is_set():
                    continue
                server = socket.create_connection(self._target)
                self._open.append(server)
                threading.Thread(
                    target=self._pass_on, args=(client, server), daemon=True
                ).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while not self.frozen.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.1)
                for source in ready:
                    data = source.recv(CHUNK)
                    if not data:
                        client.close()
                        server.close()
                        return
                    self._count(data, by_client=source is client)
                    if self._when(self._passed):
                        self.frozen.set()
                    if self.frozen.is_set():
                        return
                    (client if source is server else server).sendall(data)

    def _count(self, data: bytes, *, by_client: bool) -> None:
        sent, answered, last, _ = self._passed
        if by_client:
            sent, last = sent + len(data), last[-LONGEST_PATTERN:] + data
        else:
            answered += len(data)
        self._passed = Passed(sent, answered, last, is_answer=not by_client)
