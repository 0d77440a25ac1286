"""A proxy before PostgreSQL that breaks off, or loses an answer, at a message.

It knows the messages of PostgreSQL's protocol by their lengths, not their meaning.
https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proxy import Fate

VERSION_3 = 3 << 16  # what a start-up message asks for; others ask for encryption
UNANSWERED = (b"d", b"X")  # data to be copied, the end
CHUNK = 65_536


class Message(NamedTuple):
    """A message of a client. The first ones have no kind."""

    kind: bytes
    content: bytes

    @property
    def is_commit(self) -> bool:
        """Whether it ends a transaction that is kept."""
        return self.kind == b"Q" and self.content.startswith(b"COMMIT")


class MessageProxy:
    """Passes a client's messages on to a port of this machine if `rule` lets them pass.

    If a message never arrives, or its answer is lost, both connections are closed.

    Attributes:
        port: Where it listens.
        rule: Decides about each message of a client, in a thread of its own.
        lost: Called when the answer that is to be lost is there.
        seen: All messages so far.
    """

    def __init__(self, target_port: int) -> None:
        """Listen; connections are answered once the block is entered."""
        self.rule: Callable[[Message], Fate] = lambda _: "pass"
        self.lost: Callable[[], None] = lambda: None
        self.seen: list[Message] = []
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Answer connections from now on."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        # Unlike closing alone, this ends the thread's waiting.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self._target_port)
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(address) as server,
            selectors.DefaultSelector() as ready,
        ):
            ready.register(client, selectors.EVENT_READ)
            ready.register(server, selectors.EVENT_READ)
            waiting, started = b"", False
            while True:
                readable = {key.fileobj for key, _ in ready.select()}
                if server in readable:
                    answer = server.recv(CHUNK)
                    if not answer:
                        return
                    client.sendall(answer)
                if client in readable:
                    sent = client.recv(CHUNK)
                    if not sent:
                        return
                    waiting += sent
                    while length := _length(waiting, started=started):
                        whole, waiting = waiting[:length], waiting[length:]
                        if not self._pass_on(whole, server, started=started):
                            return
                        started = started or _starts(whole)

    def _pass_on(self, whole: bytes, server: socket.socket, *, started: bool) -> bool:
        """Pass a message on, and return whether the connection goes on."""
        kind, content = (whole[:1], whole[5:]) if started else (b"", whole[4:])
        message = Message(kind, content)
        self.seen.append(message)
        fate = self.rule(message)
        if fate == "break off":
            return False
        server.sendall(whole)
        if fate == "lose the answer":
            if kind not in UNANSWERED:
                server.recv(CHUNK)
            self.lost()
            return False
        return True


def _length(waiting: bytes, *, started: bool) -> int:
    """Return the length of the first message, or 0 if it isn't complete."""
    head = int(started)
    if len(waiting) < head + 4:
        return 0
    (length,) = struct.unpack_from(">i", waiting, head)
    whole: int = head + length
    return whole if len(waiting) >= whole else 0


def _starts(whole: bytes) -> bool:
    (version,) = struct.unpack_from(">i", whole, 4)
    return bool(version == VERSION_3)
