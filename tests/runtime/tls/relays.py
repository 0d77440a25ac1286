"""TLS before a server that has none, and a proxy that passes connections on."""

import contextlib
import select
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from typing import Self

import trustme

HOST = "127.0.0.1"
BLOCK = 65_536
HEAD_END = b"\r\n\r\n"


class Relay(ABC):
    """Listens, and passes the bytes of each connection on. A context manager.

    Attributes:
        port: Where it listens.
        sent: The bytes that all clients sent through it.
    """

    def __init__(self) -> None:
        """Listen; connections are taken once the block is entered."""
        self.sent = bytearray()
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._take_all, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    @abstractmethod
    def ends(self, taken: socket.socket) -> tuple[socket.socket, socket.socket] | None:
        """Return the client's end and the server's, or None if it is refused."""

    def _take_all(self) -> None:
        while True:
            try:
                taken, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError), taken:
            if found := self.ends(taken):
                client, server = found
                with client, server:
                    self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            waiting = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = [client] if waiting else select.select([client, server], [], [])[0]
            for source in ready:
                block = source.recv(BLOCK)
                if not block:
                    return
                if source is client:
                    self.sent += block
                (server if source is client else client).sendall(block)


class TlsFront(Relay):
    """Accepts TLS with a certificate, and passes the plain bytes on to a port."""

    def __init__(self, port: int, certificate: trustme.LeafCert) -> None:
        super().__init__()
        self._target = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)

    def ends(self, taken: socket.socket) -> tuple[socket.socket, socket.socket]:
        secured = self._context.wrap_socket(taken, server_side=True)
        return secured, socket.create_connection((HOST, self._target))


class ConnectProxy(Relay):
    """A proxy for HTTPS: it sees a host, a port, and bytes that it can't read.

    Every host leads to this machine: a name that nobody else resolves shows that the
    proxy was used.

    Attributes:
        heads: The head of each client's request for a tunnel.
    """

    def __init__(self, login: str = "") -> None:
        """Require a login, as in `user:password`, if one is given."""
        super().__init__()
        self.heads: list[str] = []
        self._wanted = f"Basic {b64encode(login.encode()).decode()}" if login else ""

    def ends(self, taken: socket.socket) -> tuple[socket.socket, socket.socket] | None:
        head = b"".join(_head(taken)).decode()
        self.heads.append(head)
        if self._wanted not in head:
            taken.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return None
        port = int(head.split()[1].rpartition(":")[2])
        server = socket.create_connection((HOST, port))
        taken.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return taken, server


def _head(taken: socket.socket) -> Iterator[bytes]:
    """Yield the bytes of a request's head, and none after it."""
    last = b""
    while not last.endswith(HEAD_END):
        byte = taken.recv(1)
        if not byte:
            raise ConnectionError
        last = (last + byte)[-len(HEAD_END) :]
        yield byte
