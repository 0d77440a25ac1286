"""A REST source of orders, for a server of the test."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runtime.rest.authentication import NoAuthentication, OAuth2ClientCredentials
from runtime.rest.pagination import Pagination, SinglePage
from runtime.rest.settings import Limits
from runtime.rest.source import REST, RestAPI

from tests.runtime.rest.http_server import HttpServer, Reply, Request

CANARY = "a-canary-in-the-mine"
QUICK = Limits(
    attempts=3,
    backoff_seconds=0.01,
    connect_seconds=1,
    read_seconds=0.5,
    requests_per_second=0,
)
TWO = b'{"rows": [{"id": 1}, {"id": 2}], "next": null}'


class Orders(REST):
    credentials_model = NoAuthentication
    limits = QUICK
    api = RestAPI("https://api.example.com", SinglePage(), "rows", {"id": "integer"})


def source(
    server: HttpServer,
    model: type[NoAuthentication] = NoAuthentication,
    limits: Limits = QUICK,
    pagination: Pagination | None = None,
    **credentials: Any,
) -> REST:
    """Return a source for a server, with credentials of `model`."""
    api = replace(Orders.api, pagination=pagination or Orders.api.pagination)
    attributes = {"credentials_model": model, "limits": limits, "api": api}
    fields = {"base_url": f"{server.url}/v1/", **credentials}
    made: REST = type("Orders", (Orders,), attributes)(credentials=fields)
    return made


def in_turn(*replies: Reply) -> Callable[[Request], Reply]:
    """Return an answer: each reply in turn, and the last one again."""
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def ids(source: REST, query: str = "orders") -> list[int]:
    found: list[int] = source.to_arrow(query).column("id").to_pylist()
    return found


def rows(*numbers: int, **fields: Any) -> bytes:
    return json.dumps({"rows": [{"id": n} for n in numbers], **fields}).encode()


def with_token(server: HttpServer, **more: Any) -> REST:
    fields: dict[str, Any] = {
        "token_url": f"{server.url}/token",
        "client_id": "a",
        **more,
    }
    return source(server, OAuth2ClientCredentials, client_secret=CANARY, **fields)
