"""A REST API of this process, as a connector declares it.

It returns records of the declared columns, in the declared pages, to authenticated
requests.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from runtime.rest.pagination import (
    Cursor,
    LinkHeader,
    NextUrl,
    OffsetLimit,
    PageNumber,
)
from runtime.rest.records import DECIMAL
from runtime.rest.settings import TokenRequest
from runtime.rest.source import REST, RestAPI

from tests.runtime.rest.http_server import HttpServer, Reply, Request

PAGE = 40  # records
FIRST_DAY = date(2024, 2, 28)
FIRST_MOMENT = datetime(2024, 3, 31, 0, 30, 0, 5)

# By declared type: a record's value in JSON, and the value that is read.
EXAMPLES: dict[str, Callable[[int], tuple[str, Any]]] = {
    "string": lambda n: (f'"ø {n}"', f"ø {n}"),
    "integer": lambda n: (f"{2**53 + n}", 2**53 + n),
    "number": lambda n: (f"{n}.25", n + 0.25),
    "boolean": lambda n: ("true" if n % 2 else "false", bool(n % 2)),
    "date": lambda n: (
        f'"{FIRST_DAY + timedelta(days=n)}"',
        FIRST_DAY + timedelta(days=n),
    ),
    "timestamp": lambda n: (
        f'"{(FIRST_MOMENT + timedelta(hours=n)).isoformat()}+00:00"',
        (FIRST_MOMENT + timedelta(hours=n)).replace(tzinfo=UTC),
    ),
    "datetime": lambda n: (
        f'"{(FIRST_MOMENT + timedelta(hours=n)).isoformat()}"',
        FIRST_MOMENT + timedelta(hours=n),
    ),
    "json": lambda n: (f"[{n}, 1.50, null]", f"[{n},1.50,null]"),
}


def example(kind: str, number: int) -> tuple[str, Any]:
    """Return a value of a declared type: its JSON text, and the value that is read."""
    if found := DECIMAL.fullmatch(kind):
        value = Decimal(number % 10).scaleb(-int(found[2]))
        return f"{value:f}", value
    return EXAMPLES[kind](number)


def records(api: RestAPI, count: int) -> list[str]:
    """Return the JSON texts of records with every declared column."""
    return [
        "{"
        + ", ".join(
            f"{json.dumps(name)}: {example(kind, number)[0]}"
            for name, kind in api.columns.items()
        )
        + "}"
        for number in range(1, count + 1)
    ]


class RestServer(HttpServer):
    """Has the resource `records?count=…`; any other is answered with status 400."""

    def __init__(self, connector: type[REST], credentials: dict[str, Any]) -> None:
        super().__init__(self._answer)
        self.api = connector.api
        self.token = 0  # the last one issued; older ones have expired
        own = {"token_url": f"{self.url}/token"} if "token_url" in credentials else {}
        self.credentials = {**credentials, "base_url": self.url, **own}
        self._expected = connector(credentials=self.credentials).credentials

    def _answer(self, request: Request) -> Reply:
        asked = self._expected.token_request()
        if asked and request.path == "/token":
            return self._grant(asked, request)
        wanted = {
            **self._expected.headers(),
            **({"authorization": f"Bearer token-{self.token}"} if asked else {}),
        }
        known = all(request.headers.get(k.lower()) == v for k, v in wanted.items())
        parameters = self._expected.parameters().items()
        if not known or not parameters <= request.parameters.items():
            return Reply(b'{"error": "who is it?"}', 401)
        if request.path != "/records":
            return Reply(b'{"error": "what is it?"}', 400)
        return self._page(request)

    def _grant(self, asked: TokenRequest, request: Request) -> Reply:
        both = f"{asked.client_id}:{asked.client_secret}".encode()
        if request.headers.get("authorization") != f"Basic {b64encode(both).decode()}":
            return Reply(b'{"error": "invalid_client"}', 401)
        if request.body != urlencode(asked.form).encode():
            return Reply(b'{"error": "invalid_request"}', 400)
        self.token += 1
        granted = {"access_token": f"token-{self.token}", "expires_in": 3600}
        return Reply(json.dumps(granted).encode())

    def _page(self, request: Request) -> Reply:
        texts = records(self.api, int(request.parameters.get("count", 3)))
        start, size = self._part(request)
        found = texts[start : start + size] if size else texts
        more = bool(size) and start + size < len(texts)
        # With the key in it, as in some APIs.
        address = (
            f"{request.path}?{urlencode({**request.parameters, 'start': start + size})}"
        )
        fields: dict[str, str] = {}
        headers: dict[str, str] = {}
        match self.api.pagination:
            case Cursor(selector=selector):
                fields[selector] = json.dumps(f"at {start + size}" if more else None)
            case NextUrl(selector=selector):
                fields[selector] = json.dumps(address if more else None)
            case LinkHeader() if more:
                headers["Link"] = f'<{address}>; rel="next"'
        body = f"[{', '.join(found)}]"
        if self.api.records:
            body = _object({self.api.records: body, **fields})
        return Reply(body.encode(), headers=headers)

    def _part(self, request: Request) -> tuple[int, int]:
        """Return a page's first record, and how many it has; 0 for all."""
        given = request.parameters
        match self.api.pagination:
            case PageNumber(parameter=name, start=first):
                return (int(given[name]) - first) * PAGE, PAGE
            case OffsetLimit(offset=offset, limit=limit):
                return int(given[offset]), min(int(given[limit]), PAGE)
            case Cursor(parameter=name):
                return int(given.get(name, "at 0").removeprefix("at ")), PAGE
            case LinkHeader() | NextUrl():
                return int(given.get("start", 0)), PAGE
        return 0, 0


def _object(fields: dict[str, str]) -> str:
    """Return the text of an object that has JSON texts at paths."""
    found: dict[str, Any] = {}
    for path, text in fields.items():
        place = found
        *names, last = path.split(".")
        for name in names:
            place = place.setdefault(name, {})
        place[last] = json.loads(text) if text[0] not in "[{" else f"\0{text}\0"
    shell = json.dumps(found)
    for text in fields.values():
        shell = shell.replace(json.dumps(f"\0{text}\0"), text)
    return shell
