"""A REST source, on a server that misbehaves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip
import json
import logging
import sys
import time
from typing import Any

import pytest

from acme.exceptions import (
    ConfigError,
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    RetriableError,
    SchemaChangedError,
    SourceUnavailableError,
    UnexpectedResponseError,
    UnsupportedTypeError,
)
from acme.http_settings import Limits
from acme.pagination import (
    Cursor,
    LinkHeader,
    NextUrl,
    PageNumber,
    Pagination,
    SinglePage,
)
from acme.sources.authentication import (
    ApiKeyHeader,
    ApiKeyQuery,
    BasicAuthentication,
    BearerToken,
    NoAuthentication,
    OAuth2ClientCredentials,
)
from acme.sources.rest_api import (
    REST,
    RestAPI,
)
from ..contracts.shown import everything_shown
from ..http_server import HttpServer, Reply, Request

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


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer(lambda _request: Reply(TWO)) as server:
        yield server


def source(
    server: HttpServer,
    model: type[NoAuthentication] = NoAuthentication,
    limits: Limits = QUICK,
    pagination: Pagination | None = None,
    **credentials: str,
) -> REST:
    """Return a source for a server; `credentials` are fields of `model`."""
    api = replace(Orders.api, pagination=pagination or Orders.api.pagination)
    attributes = {"credentials_model": model, "limits": limits, "api": api}
    fields = {"base_url": f"{server.url}/v1/", **credentials}
    made: REST = type("Orders", (Orders,), attributes)(credentials=fields)
    return made


def in_turn(*replies: Reply) -> Any:
    """Answer each request with the next reply; the last one stays."""
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def ids(source: REST, query: str = "orders") -> list[int]:
    found: list[int] = source.to_arrow(query).column("id").to_pylist()
    return found


def rows(*numbers: int, **fields: Any) -> bytes:
    return json.dumps({"rows": [{"id": n} for n in numbers], **fields}).encode()


def test_the_resource_and_its_parameters_arrive_as_they_were_given(
    server: HttpServer,
) -> None:
    assert ids(source(server), "a b/c%2Fd?name=ø %26&empty=&name=x") == [1, 2]
    (request,) = server.requests
    assert request.path == "/v1/a%20b/c%2Fd"
    assert request.parameters == {"name": "x", "empty": ""}
    assert request.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("orders/", "/v1/orders/"),
        ("/orders?a=1", "/v1/orders"),
        ("", "/v1"),
        ("?a=1", "/v1"),
        ("/", "/v1"),
    ],
)
def test_a_slash_at_the_end_of_a_resource_stays(
    server: HttpServer, query: str, path: str
) -> None:
    assert ids(source(server), query) == [1, 2]
    (request,) = server.requests
    assert request.path == path


@pytest.mark.parametrize(
    "query",
    [
        "https://elsewhere/orders",
        "//elsewhere/orders",
        "../orders",
        "a/%2e%2e/b",
        "orders#here",
    ],
)
def test_a_resource_is_below_the_address(server: HttpServer, query: str) -> None:
    with pytest.raises(QueryRejectedError, match="isn't a path below"):
        ids(source(server), query)
    assert not server.requests


def test_the_caller_s_parameters_stay_on_the_next_page(server: HttpServer) -> None:
    server.answer = in_turn(Reply(rows(1)), Reply(rows()))
    assert ids(source(server, pagination=PageNumber()), "orders?status=a b") == [1]
    assert [request.parameters for request in server.requests] == [
        {"status": "a b", "page": "1"},
        {"status": "a b", "page": "2"},
    ]


def test_what_the_pagination_sets_can_not_be_set(server: HttpServer) -> None:
    with pytest.raises(QueryRejectedError, match="sets 'page'"):
        ids(source(server, pagination=PageNumber()), "orders?page=3")


def test_a_key_in_the_query_is_sent_and_never_shown(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    # The server repeats the key in the next page's address, as some do.
    following = f"/v1/orders?status=open&api_key={CANARY}&after=2"
    server.answer = in_turn(
        Reply(rows(1, next=following)),
        Reply(b"", 302, {"Location": f"/v1/other?api_key={CANARY}"}),
        Reply(b"", 404),
    )
    keyed = source(server, ApiKeyQuery, pagination=NextUrl(), key=CANARY)
    with (
        caplog.at_level(logging.INFO),
        pytest.raises(QueryRejectedError, match="404") as caught,
    ):
        ids(keyed, "orders?status=open")
    assert [each.parameters.pop("api_key") for each in server.requests] == [CANARY] * 3
    assert server.requests[1].parameters == {"status": "open", "after": "2"}
    assert "orders?status=open" in caplog.text
    assert CANARY not in caplog.text + everything_shown(caught.value)


@pytest.mark.parametrize(
    ("model", "fields", "name", "value"),
    [
        (ApiKeyHeader, {"key": CANARY}, "x-api-key", CANARY),
        (ApiKeyHeader, {"key": CANARY, "header": "X-Own"}, "x-own", CANARY),
        (BearerToken, {"token": CANARY}, "authorization", f"Bearer {CANARY}"),
        (
            BasicAuthentication,
            {"user": "ada", "password": "ø"},
            "authorization",
            "Basic YWRhOsO4",
        ),
    ],
)
def test_a_secret_is_in_its_header(
    server: HttpServer, model: Any, fields: dict[str, str], name: str, value: str
) -> None:
    assert ids(source(server, model, **fields)) == [1, 2]
    assert server.requests[0].headers[name] == value


@pytest.mark.parametrize(
    ("model", "fields", "says"),
    [
        (BearerToken, {"token": f"{CANARY}\n"}, "token: .*line break"),
        (BearerToken, {"token": f"{CANARY}ø"}, "token: .*isn't ASCII"),
        (BearerToken, {"token": f"{CANARY} "}, "token: .*white space around it"),
        (BearerToken, {"token": ""}, "token: .*is empty"),
        (ApiKeyHeader, {"key": f"{CANARY}ø"}, "key: .*isn't ASCII"),
        (ApiKeyHeader, {"key": CANARY, "header": "X Own"}, "header: .*header's name"),
        (ApiKeyHeader, {"key": CANARY, "header": "X-Øwn"}, "header: .*header's name"),
        (ApiKeyHeader, {"key": CANARY, "header": ""}, "header: .*header's name"),
        (ApiKeyQuery, {"key": f"{CANARY}\n"}, "key: .*line break"),
        (
            BasicAuthentication,
            {"user": "ada", "password": f"{CANARY}\n"},
            "password: .*line break",
        ),
    ],
)
def test_a_secret_that_can_not_be_sent_is_refused_and_not_shown(
    server: HttpServer, model: Any, fields: dict[str, str], says: str
) -> None:
    with pytest.raises(CredentialError, match=says) as caught:
        source(server, model, **fields)
    shown = everything_shown(caught.value)
    assert CANARY not in shown
    assert "ø" not in shown
    assert not server.requests


@pytest.mark.parametrize(
    "address",
    [
        "api.example.com/v1",
        "localhost:8080",
        "ftp://api.example.com",
        "https://",
        "https://:443/v1",
        "http://[::1",
        "http://api.example.com:port",
        f"http://bob:{CANARY}@api.example.com",
        f"http://{CANARY}@api.example.com",
        f"http://api.example.com/v1#{CANARY}",
        f"http://api.example.com/a path/{CANARY}",
    ],
)
@pytest.mark.parametrize("field", ["base_url", "token_url"])
def test_an_address_that_leads_nowhere_or_holds_a_secret_is_refused(
    server: HttpServer, field: str, address: str
) -> None:
    with pytest.raises(CredentialError, match=rf"{field}: .* http://") as caught:
        client(server, **{field: address})
    assert CANARY not in everything_shown(caught.value)


def test_parameters_are_no_part_of_the_address(server: HttpServer) -> None:
    with pytest.raises(CredentialError, match=r"base_url: .* parameters") as caught:
        client(server, base_url=f"http://api.example.com/v1?key={CANARY}")
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize(
    "address",
    ["https://api.example.com", "http://localhost:8080/v1/", "http://[::1]:1"],
)
def test_an_address_with_a_server_is_taken(address: str) -> None:
    assert NoAuthentication(base_url=address).base_url == address


def test_a_redirect_to_another_server_gets_no_credentials(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    with HttpServer(lambda _request: Reply(TWO)) as other:
        there = {"Location": f"{other.url}/there?signature=elsewhere"}
        server.answer = in_turn(Reply(b"", 307, there))
        with caplog.at_level(logging.INFO):
            assert ids(source(server, BearerToken, token=CANARY)) == [1, 2]
            assert ids(source(server, ApiKeyQuery, key=CANARY)) == [1, 2]
        assert "authorization" in server.requests[0].headers
        for request in other.requests:
            assert "authorization" not in request.headers
            assert request.parameters == {"signature": "elsewhere"}
        assert "elsewhere" not in caplog.text


@pytest.mark.parametrize("pagination", [NextUrl(), LinkHeader()])
def test_a_next_page_on_another_server_is_not_asked_for(
    server: HttpServer, pagination: Pagination
) -> None:
    with HttpServer(lambda _request: Reply(TWO)) as other:
        there = f"{other.url}/orders"
        link = {"Link": f'<{there}>; rel="next"'}
        server.answer = lambda _request: Reply(rows(1, next=there), headers=link)
        with pytest.raises(UnexpectedResponseError, match="another server") as caught:
            ids(source(server, pagination=pagination))
        assert other.url in caught.value.where
        assert not other.requests


@pytest.mark.parametrize("there", ["http://[::1", "//[", "ftp://elsewhere/orders"])
@pytest.mark.parametrize("pagination", [NextUrl(), LinkHeader(), SinglePage()])
def test_an_answer_that_leads_to_no_address_is_refused(
    server: HttpServer, pagination: Pagination, there: str
) -> None:
    found = Reply(rows(1, next=there), headers={"Link": f'<{there}>; rel="next"'})
    moved = Reply(b"", 302, {"Location": there})
    server.answer = lambda _: moved if pagination == SinglePage() else found
    with pytest.raises(UnexpectedResponseError, match="no address of HTTP") as caught:
        ids(source(server, pagination=pagination))
    assert caught.value.where == f"{server.url}/v1/orders"
    assert len(server.requests) == 1


def test_redirects_come_to_an_end(server: HttpServer) -> None:
    server.answer = in_turn(Reply(b"", 302, {"Location": "/v1/orders"}))
    with pytest.raises(UnexpectedResponseError, match="more than 5 times"):
        ids(source(server))
    assert len(server.requests) == 6


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(server: HttpServer, status: int) -> None:
    server.answer = in_turn(Reply(b"", status), Reply(b"", status), Reply(TWO))
    assert ids(source(server)) == [1, 2]
    assert len(server.requests) == 3


def test_a_server_that_stays_busy_is_given_up(server: HttpServer) -> None:
    server.answer = in_turn(Reply(b"", 503))
    with pytest.raises(SourceUnavailableError, match=r"503 .*Attempts: 3"):
        ids(source(server))
    assert len(server.requests) == 3


def test_a_server_says_how_long_to_wait(server: HttpServer) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    server.answer = in_turn(
        Reply(b"", 429, {"Retry-After": "1"}),
        Reply(b"", 503, {"Retry-After": soon}),
        Reply(TWO),
    )
    start = time.monotonic()
    assert ids(source(server)) == [1, 2]
    assert 1.8 < time.monotonic() - start < 4


def test_a_server_that_wants_more_time_than_there_is_is_given_up_at_once(
    server: HttpServer,
) -> None:
    server.answer = in_turn(Reply(b"", 429, {"Retry-After": "3600"}))
    with pytest.raises(SourceUnavailableError, match="asks to wait 3600 s"):
        ids(source(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "text", ["soon", "-1", "", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"]
)
def test_what_is_no_time_to_wait_is_not_waited_for(
    server: HttpServer, text: str
) -> None:
    server.answer = in_turn(Reply(b"", 429, {"Retry-After": text}), Reply(TWO))
    assert ids(source(server)) == [1, 2]


def test_a_server_that_does_not_answer_is_worth_a_retry(server: HttpServer) -> None:
    def late(_request: Request) -> Reply:
        time.sleep(1)
        return Reply(TWO)

    server.answer = late
    limits = replace(QUICK, attempts=1)
    with pytest.raises(SourceUnavailableError, match="didn't answer in time"):
        ids(source(server, limits=limits))


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_is_asked_with_a_scheme_and_without(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    login = f"clerk:{CANARY}@"
    monkeypatch.setenv(variable, f"{scheme}{login}{server.url.removeprefix('http://')}")
    address = "http://behind-the-proxy.invalid/v1"
    assert ids(source(server, base_url=address)) == [1, 2]
    (request,) = server.requests
    assert request.headers["host"] == "behind-the-proxy.invalid"
    assert "proxy-authorization" in request.headers


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize(
    ("scheme", "host"),
    [("ftp", "proxy:21"), ("socks5", "proxy:1080"), ("http", "proxy:port")],
)
def test_a_proxy_that_can_not_be_used_is_named_and_not_shown(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://clerk:{CANARY}@{host}")
    with pytest.raises(ConfigError, match="ALL_PROXY") as caught:
        ids(source(server))
    assert CANARY not in everything_shown(caught.value)
    assert not server.requests


def test_requests_keep_to_a_rate(server: HttpServer) -> None:
    server.answer = in_turn(
        Reply(rows(1)), Reply(rows(2)), Reply(rows(3)), Reply(rows())
    )
    limits = replace(QUICK, requests_per_second=2)
    start = time.monotonic()
    assert ids(source(server, limits=limits, pagination=PageNumber())) == [1, 2, 3]
    assert time.monotonic() - start >= 1.5


def token_server(granted: dict[str, Any], valid: set[str]) -> Any:
    """Grant tokens token-1, token-2 …; take those that are in `valid`."""
    count = 0

    def answer(request: Request) -> Reply:
        nonlocal count
        if request.path == "/token":
            count += 1
            body = {"access_token": f"token-{count}", "token_type": "bearer", **granted}
            return Reply(json.dumps(body).encode())
        given = request.headers["authorization"].removeprefix("Bearer ")
        return Reply(TWO) if given in valid else Reply(b"", 401)

    return answer


def client(server: HttpServer, **more: str) -> REST:
    fields = {"token_url": f"{server.url}/token", "client_id": "pipelines", **more}
    return source(server, OAuth2ClientCredentials, client_secret=CANARY, **fields)


def test_an_expired_token_is_replaced_once(server: HttpServer) -> None:
    server.answer = token_server({"expires_in": 3600}, {"token-2"})
    assert ids(client(server, scope="read")) == [1, 2]
    paths = [request.path for request in server.requests]
    assert paths == ["/token", "/v1/orders", "/token", "/v1/orders"]
    asked = server.requests[0]
    assert asked.body == b"grant_type=client_credentials&scope=read"
    assert asked.headers["authorization"].startswith("Basic ")


def test_the_address_of_the_tokens_may_have_parameters(server: HttpServer) -> None:
    server.answer = token_server({}, {"token-1"})
    address = f"{server.url}/token?p=policy"
    assert ids(client(server, token_url=address)) == [1, 2]
    assert server.requests[0].parameters == {"p": "policy"}


def test_a_new_token_that_is_refused_too_is_the_end(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = token_server({}, set())
    with (
        caplog.at_level(logging.INFO),
        pytest.raises(CredentialError, match="401") as caught,
    ):
        ids(client(server))
    assert len(server.requests) == 4
    shown = caplog.text + everything_shown(caught.value)
    assert CANARY not in shown
    assert "token-1" not in shown


def test_a_token_near_its_end_is_replaced_before_it_is_used(
    server: HttpServer,
) -> None:
    answer = token_server({"expires_in": 20}, {"token-1", "token-2"})
    pages = in_turn(Reply(rows(1)), Reply(rows()))
    server.answer = lambda each: answer(each) if each.path == "/token" else pages(each)
    paged = client(server)
    type(paged).api = replace(paged.api, pagination=PageNumber())
    assert ids(paged) == [1]
    used = [each.headers["authorization"] for each in server.requests[1::2]]
    assert used == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (Reply(b'{"error": "invalid_client"}', 401), CredentialError, "401"),
        (Reply(b'{"error": "invalid_scope"}', 400), CredentialError, "400"),
        (Reply(b"{}"), CredentialError, "no `access_token`"),
        (Reply(b"[]"), CredentialError, "no `access_token`"),
        (Reply(b"welcome"), CredentialError, "isn't JSON"),
        (Reply(b"", 503), SourceUnavailableError, "token's server answered 503"),
    ],
)
def test_a_server_that_gives_no_token_is_told_apart(
    server: HttpServer, reply: Reply, error: type[ConnectorError], says: str
) -> None:
    server.answer = lambda _request: reply
    with pytest.raises(error, match=says) as caught:
        ids(client(server))
    assert "/token" in caught.value.where or error is SourceUnavailableError
    assert CANARY not in everything_shown(caught.value)


BAD = [
    (Reply(b"", 400), QueryRejectedError, "doesn't understand the request .400"),
    (Reply(b"", 401), CredentialError, "refused the credentials .401"),
    (Reply(b"", 403), CredentialError, "don't allow to read this .403"),
    (Reply(b"", 404), QueryRejectedError, "no such resource .404"),
    (Reply(b"", 422), QueryRejectedError, "refused the request .422"),
    (Reply(b"", 204), QueryRejectedError, "refused the request .204"),
    (Reply(b" <html>login"), UnexpectedResponseError, "is a page for people"),
    (
        Reply(b"login", headers={"Content-Type": "text/html; charset=utf-8"}),
        UnexpectedResponseError,
        "is a page for people",
    ),
    (Reply(TWO, missing=10), SourceUnavailableError, "connection broke off"),
    (Reply(TWO[:20]), SourceUnavailableError, "too early, after 20 bytes"),
    (Reply(b'{"rows": [{"id": 1, "id": 2}]}'), UnexpectedResponseError, "'id' twice"),
    (Reply(b'{"rows": [{"id": NaN}]}'), UnexpectedResponseError, "NaN"),
    (Reply(b'{"rows": [{"id": "\xe9"}]}'), UnexpectedResponseError, "UTF-8"),
    (
        Reply(b'{"items": []}'),
        UnexpectedResponseError,
        "at 'rows', but null; it has it",
    ),
    (Reply(b'{"rows": [{"id": "canary"}]}'), UnsupportedTypeError, "'id'.*record 1 it"),
    (Reply(b'{"rows": [{"id": 1, "no": 2}]}'), SchemaChangedError, "Record 1.*'no'"),
    (
        Reply(TWO, headers={"Content-Encoding": "gzip"}),
        SourceUnavailableError,
        "decomp",
    ),
]


@pytest.mark.parametrize(("reply", "error", "says"), BAD)
def test_a_bad_answer_says_what_where_and_what_next(
    server: HttpServer, reply: Reply, error: type[ConnectorError], says: str
) -> None:
    server.answer = lambda _request: reply
    with pytest.raises(error, match=says) as caught:
        ids(source(server))
    assert "orders" in caught.value.where
    assert caught.value.next_step
    assert "canary" not in everything_shown(caught.value)
    assert isinstance(caught.value, RetriableError | FatalError)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_is_not_longer_than_it_may_be(
    server: HttpServer, compressed: bool
) -> None:
    body = rows(*range(5000))
    packed = Reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    server.answer = lambda _request: packed if compressed else Reply(body)
    assert len(ids(source(server))) == 5000
    limits = replace(QUICK, page_bytes=10_000)
    with pytest.raises(UnexpectedResponseError, match="more than 10000 bytes"):
        ids(source(server, limits=limits))


def test_a_cursor_that_repeats_is_noticed(server: HttpServer) -> None:
    server.answer = lambda _request: Reply(rows(1, next_cursor="again"))
    with pytest.raises(UnexpectedResponseError, match=r"After page 2 .* been read"):
        ids(source(server, pagination=Cursor()))


def test_pages_without_an_end_are_noticed(server: HttpServer) -> None:
    server.answer = lambda _request: Reply(rows(1))
    with pytest.raises(UnexpectedResponseError, match="no end after 7 pages"):
        ids(source(server, pagination=PageNumber(page_limit=7)))
    assert len(server.requests) == 7


def test_one_page_is_held_at_a_time_and_who_stops_asks_for_no_other(
    server: HttpServer,
) -> None:
    server.answer = lambda _request: Reply(rows(1, 2))
    batches = source(server, pagination=PageNumber()).to_batches("orders")
    assert next(batches).num_rows == 2
    assert len(server.requests) == 1
    batches.close()
    assert len(server.requests) == 1
