"""Real parts for every kind of source and destination, and the credentials for them."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import uuid
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from tests.e2e.generated.parts import connection_string, postgresql_credentials
from tests.golden import table
from tests.mariadb import MariaDB, missing
from tests.object_store import HOST, KEY, object_store

if TYPE_CHECKING:
    from pathlib import Path

    from sourcewright.services import Azurite, PostgreSQL

RECORDS = [{"id": 1, "name": "ø"}, {"id": 2, "name": None}]


class _Api(BaseHTTPRequestHandler):
    """One page of records however it is asked for, then an empty one; and tokens."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        first = asked.get("page", ["1"]) == ["1"] and asked.get("offset", ["0"]) == [
            "0"
        ]
        self._answer({"items": RECORDS if first else []})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"access_token": "token", "token_type": "Bearer"})

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:  # noqa: ANN401
        """Keep quiet."""


class Ends:
    """What the integration tests of a project may need; what starts, starts once."""

    def __init__(self, folder: Path, postgres: PostgreSQL, azurite: Azurite) -> None:
        self._folder, self._postgres, self._azurite = folder, postgres, azurite
        self._stack = ExitStack()
        self._started: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def credentials(self, kind: str, authentication: str = "none") -> dict[str, Any]:
        """Return what a source or destination of a kind, or a dialect, needs."""
        # A source reads its file only, and no process has it open for writing, too.
        if kind not in self._started or kind == "duckdb":
            self._started[kind] = getattr(self, f"_{kind}")()
        asked = table()["authentications"][authentication] if kind == "rest" else {}
        fields: dict[str, Any] = asked.get("fields", {}) | dict.fromkeys(
            asked.get("secrets", []), "x"
        )
        if "token_url" in fields:
            fields["token_url"] = self._started[kind]["base_url"]
        return self._started[kind] | fields

    def _local(self) -> dict[str, Any]:
        return {"root": str(self._folder)}

    def _custom(self) -> dict[str, Any]:
        return {}

    def _postgresql(self) -> dict[str, Any]:
        return dict(postgresql_credentials(self._postgres))

    def _adls(self) -> dict[str, Any]:
        return {"connection_string": connection_string(self._azurite)}

    def _s3(self) -> dict[str, Any]:
        port = self._stack.enter_context(object_store())
        return {**KEY, "endpoint_url": f"http://{HOST}:{port}"}

    def _mariadb(self) -> dict[str, Any]:
        reason = missing()
        if reason and not os.environ.get("CI"):
            pytest.skip(reason)
        return dict(self._stack.enter_context(MariaDB()).credentials)

    def _mysql(self) -> dict[str, Any]:
        return self.credentials("mariadb")

    def _sqlite(self) -> dict[str, Any]:
        path = self._folder / "it.sqlite"
        sqlite3.connect(path).close()
        return {"path": str(path)}

    def _generic(self) -> dict[str, Any]:
        return {"drivername": "postgresql+psycopg2", **self.credentials("postgresql")}

    def _duckdb(self) -> dict[str, Any]:
        path = self._folder / f"{uuid.uuid4()}.duckdb"
        duckdb.connect(path).close()
        return {"path": str(path)}

    def _rest(self) -> dict[str, Any]:
        server = ThreadingHTTPServer((HOST, 0), _Api)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return {"base_url": f"http://{HOST}:{server.server_port}/v1"}
