"""A REST API for our tests: records from memory, in pages with a header `Link`."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PAGE = 100


class ApiServer:
    """Gives texts of JSON records to who has the token. A context manager."""

    def __init__(self, records: list[str], token: str) -> None:
        outer = self
        self.records, self.token = records, token
        self.requests: list[str] = []
        self.failures = [503, 429]  # what the first requests get

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two writes

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_arguments: Any) -> None:  # noqa: ANN401
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request: a failure first, then pages."""
        self.requests.append(handler.path)
        parts = urlsplit(handler.path)
        start = int(parse_qs(parts.query).get("start", ["0"])[0])
        headers: dict[str, str] = {}
        status, body = 200, b""
        if handler.headers.get("Authorization") != f"Bearer {self.token}":
            status = 401
        elif parts.path != "/v1/orders":
            status = 404
        elif self.failures:
            status = self.failures.pop()
            headers["Retry-After"] = "0"
        else:
            found = self.records[start : start + PAGE]
            body = f'{{"data": {{"items": [{", ".join(found)}]}}}}'.encode()
            if start + PAGE < len(self.records):
                following = f"/v1/orders?status=open&start={start + PAGE}"
                headers["Link"] = f'<{following}>; rel="next", </>; rel="up"'
        handler.send_response(status)
        headers |= {
            "Content-Type": "application/json",
            "Content-Length": f"{len(body)}",
        }
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


def text_of_every_plane(number: int) -> str:
    """Return a text with a character of one of the planes of Unicode in use."""
    planes = "ø\u0000\U0001f600\U00020000\U00030000\U000e0041\U000f0000\U0010fffd"
    return f'{number} {planes[number % len(planes)]} "\\\n'


def as_text(value: object) -> str:
    """Return JSON in which odd records have their characters escaped."""
    return json.dumps(value, ensure_ascii=bool(len(str(value)) % 2))
