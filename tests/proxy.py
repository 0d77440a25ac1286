"""A proxy before a store that breaks off, or loses an answer, when it is told to."""

import http.client
import http.server
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

# A request passes, is refused like one with an expired token, never arrives, or arrives
# and its answer gets lost.
Fate = Literal["pass", "refuse", "break off", "lose the answer"]

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Request:
    """A request, as far as a rule may look at it."""

    def __init__(self, method: str, target: str) -> None:
        """Parse the request line."""
        self.method = method
        self.path = urlsplit(target).path
        self.query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        self.operation = self.query.get("comp", [""])[0]

    @property
    def is_block(self) -> bool:
        """Whether it sends a block, which stays hidden until the commit."""
        return self.method == "PUT" and self.operation == "block"

    @property
    def is_commit(self) -> bool:
        """Whether it commits a file's list of blocks."""
        return self.method == "PUT" and self.operation == "blocklist"


class Proxy:
    """Passes requests on to a port of this machine if `rule` lets them pass.

    Attributes:
        port: Where it listens.
        rule: Decides about each request, in a thread of its own; it may wait.
        lost: Called when the answer that is to be lost is there.
        seen: All requests so far.
    """

    def __init__(
        self, target_port: int, rule: Callable[[Request], Fate] = lambda _: "pass"
    ) -> None:
        """Listen; requests are answered once the block is entered."""
        self.rule = rule
        self.lost: Callable[[], None] = lambda: None
        self.seen: list[Request] = []
        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(self, target_port)
        )
        self._server.daemon_threads = True
        self._server.block_on_close = False  # a rule may wait for ever
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        """Answer requests from now on."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(
    proxy: Proxy, target_port: int
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path)
            proxy.seen.append(request)
            fate = proxy.rule(request)
            if fate == "break off":
                self.close_connection = True
                return
            if fate == "refuse":
                self.send_response_only(http.HTTPStatus.FORBIDDEN)
                self.send_header("x-ms-error-code", "AuthenticationFailed")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            upstream = http.client.HTTPConnection("127.0.0.1", target_port, timeout=60)
            try:
                upstream.request(self.command, self.path, body, dict(self.headers))
                response = upstream.getresponse()
                content = response.read()
            finally:
                upstream.close()
            if fate == "lose the answer":
                proxy.lost()
                self.close_connection = True
                return
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            length = response.getheader("Content-Length", "0")
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", length if is_head else str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler
