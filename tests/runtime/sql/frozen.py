"""A proxy before PostgreSQL that stops in the middle, as a line does that is cut."""

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self


class FreezingProxy:
    """Passes bytes both ways, until so many were answered; then nothing any more.

    Connections stay open, and new ones are accepted, but nothing is passed on.

    Attributes:
        port: Where it listens.
        frozen: Set once nothing is passed on.
    """

    def __init__(self, target: tuple[str, int], *, after_bytes: int) -> None:
        """Listen; connections are served once the block is entered."""
        self.frozen = threading.Event()
        self._target, self._left = target, after_bytes
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

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # when it is closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                threading.Thread(
                    target=self._pass_on, args=(client, server), daemon=True
                ).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while not self.frozen.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.1)
                for source in ready:
                    data = source.recv(16 * 1024)
                    if not data:
                        client.close()
                        server.close()
                        return
                    if source is server:
                        self._left -= len(data)
                        if self._left < 0:
                            self.frozen.set()
                            return
                    (client if source is server else server).sendall(data)
