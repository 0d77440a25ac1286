"""The HTTP client, on a server that misbehaves."""

import gzip
import json
import logging
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from runtime.exceptions import (
    ConfigError,
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnexpectedResponseError,
)
from runtime.rest.authentication import ApiKeyQuery, BearerToken
from runtime.rest.pagination import (
    Cursor,
    LinkHeader,
    NextUrl,
    PageNumber,
    Pagination,
    SinglePage,
)

from tests.runtime.rest.http_server import HttpServer, Reply, Request
from tests.runtime.rest.orders import (
    CANARY,
    QUICK,
    TWO,
    ids,
    in_turn,
    rows,
    source,
    with_token,
)
from tests.runtime.shown import everything_shown


def test_a_key_in_the_query_is_sent_and_never_shown(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    # The server repeats the key in the next page's address, as in some APIs.
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
def test_a_next_page_on_another_server_is_refused(
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


@pytest.mark.parametrize("pagination", [NextUrl(), LinkHeader(), SinglePage()])
def test_an_address_with_a_password_in_it_is_refused_and_not_shown(
    server: HttpServer, pagination: Pagination, caplog: pytest.LogCaptureFixture
) -> None:
    there = server.url.replace("://", f"://reader:{CANARY}@") + "/v1/orders"
    found = Reply(rows(1, next=there), headers={"Link": f'<{there}>; rel="next"'})
    moved = Reply(b"", 302, {"Location": there})
    server.answer = lambda _: moved if pagination == SinglePage() else found
    with (
        caplog.at_level(logging.DEBUG, "runtime"),
        pytest.raises(UnexpectedResponseError, match="no address of HTTP") as caught,
    ):
        ids(source(server, pagination=pagination))
    assert len(server.requests) == 1
    assert CANARY not in caplog.text + everything_shown(caught.value)


@pytest.mark.parametrize("pagination", [NextUrl("next"), Cursor("next", "after")])
@pytest.mark.parametrize("cursor", ["\ud800", "a\udfffb"], ids=ascii)
def test_a_next_page_by_a_lone_surrogate_is_refused(
    server: HttpServer, pagination: Pagination, cursor: str
) -> None:
    server.answer = lambda _request: Reply(rows(1, next=cursor))
    with pytest.raises(UnexpectedResponseError) as caught:
        ids(source(server, pagination=pagination))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("there", ["http://[::1", "//[", "ftp://elsewhere/orders"])
@pytest.mark.parametrize("pagination", [NextUrl(), LinkHeader(), SinglePage()])
def test_an_answer_that_leads_nowhere_is_refused(
    server: HttpServer, pagination: Pagination, there: str
) -> None:
    found = Reply(rows(1, next=there), headers={"Link": f'<{there}>; rel="next"'})
    moved = Reply(b"", 302, {"Location": there})
    server.answer = lambda _: moved if pagination == SinglePage() else found
    with pytest.raises(UnexpectedResponseError, match="no address of HTTP") as caught:
        ids(source(server, pagination=pagination))
    assert caught.value.where == f"{server.url}/v1/orders"
    assert len(server.requests) == 1


def test_redirects_are_followed_five_times(server: HttpServer) -> None:
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


def test_a_server_decides_how_long_to_wait(server: HttpServer) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    server.answer = in_turn(
        Reply(b"", 429, {"Retry-After": "1"}),
        Reply(b"", 503, {"Retry-After": soon}),
        Reply(TWO),
    )
    start = time.monotonic()
    assert ids(source(server)) == [1, 2]
    assert 1.8 < time.monotonic() - start < 4


def test_a_server_that_asks_to_wait_too_long_is_given_up_at_once(
    server: HttpServer,
) -> None:
    server.answer = in_turn(Reply(b"", 429, {"Retry-After": "3600"}))
    with pytest.raises(SourceUnavailableError, match="asks to wait 3600 s"):
        ids(source(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "text", ["soon", "-1", "", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"]
)
def test_a_header_that_names_no_time_is_ignored(server: HttpServer, text: str) -> None:
    server.answer = in_turn(Reply(b"", 429, {"Retry-After": text}), Reply(TWO))
    assert ids(source(server)) == [1, 2]


def test_a_server_that_does_not_answer_can_be_retried(server: HttpServer) -> None:
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
def test_a_proxy_is_used_with_and_without_a_scheme(
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
def test_a_proxy_that_cannot_be_used_is_reported_and_not_shown(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://clerk:{CANARY}@{host}")
    with pytest.raises(ConfigError, match="ALL_PROXY") as caught:
        ids(source(server))
    assert CANARY not in everything_shown(caught.value)
    assert not server.requests


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (407, CredentialError, "proxy requires"),
        (502, SourceUnavailableError, "answered 502|gave no connection"),
    ],
)
def test_an_error_of_a_proxy_is_translated(
    server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    scheme: str,
    status: int,
    error: type[ConnectorError],
    says: str,
) -> None:
    address = server.url.replace("http://", f"http://clerk:{CANARY}@")
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", address)
    server.answer = in_turn(Reply(b"", status))
    with pytest.raises(error, match=says) as caught:
        ids(source(server, base_url=f"{scheme}://behind-the-proxy.invalid/v1"))
    assert "behind-the-proxy.invalid" in caught.value.where
    assert CANARY not in everything_shown(caught.value)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def with_tls(authority: trustme.CA) -> Iterator[HttpServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with HttpServer(lambda _request: Reply(TWO), context) as server:
        yield server


def test_a_certificate_of_an_unknown_authority_is_refused(
    with_tls: HttpServer,
) -> None:
    with pytest.raises(FatalError, match=r"isn't trusted: .*ca_file"):
        ids(source(with_tls, BearerToken, token=CANARY))
    assert not with_tls.requests


def test_a_certificate_of_a_named_authority_is_trusted(
    with_tls: HttpServer, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    assert ids(source(with_tls, ca_file=str(file))) == [1, 2]


def test_a_redirect_to_an_address_without_tls_is_refused(
    with_tls: HttpServer, server: HttpServer, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    with_tls.answer = in_turn(Reply(b"", 302, {"Location": f"{server.url}/orders"}))
    with pytest.raises(UnexpectedResponseError, match="without TLS"):
        ids(source(with_tls, ca_file=str(file)))
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
    """Issue token-1, token-2 …, and accept those that are in `valid`."""
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


def test_an_expired_token_is_replaced_once(server: HttpServer) -> None:
    server.answer = token_server({"expires_in": 3600}, {"token-2"})
    assert ids(with_token(server, scope="read")) == [1, 2]
    paths = [request.path for request in server.requests]
    assert paths == ["/token", "/v1/orders", "/token", "/v1/orders"]
    asked = server.requests[0]
    assert asked.body == b"grant_type=client_credentials&scope=read"
    assert asked.headers["authorization"].startswith("Basic ")


def test_nothing_is_asked_any_more_after_the_limit(server: HttpServer) -> None:
    server.answer = lambda _request: Reply(b"", 503, {"Retry-After": "0"})
    limits = replace(QUICK, attempts=10**6, total_seconds=0.5)
    with pytest.raises(SourceUnavailableError):
        ids(source(server, limits=limits))
    asked = len(server.requests)
    time.sleep(0.5)
    assert len(server.requests) - asked <= 1  # one may be on its way


def test_the_address_of_the_token_may_have_parameters(server: HttpServer) -> None:
    server.answer = token_server({}, {"token-1"})
    address = f"{server.url}/token?p=policy"
    assert ids(with_token(server, token_url=address)) == [1, 2]
    assert server.requests[0].parameters == {"p": "policy"}


def test_a_refused_new_token_ends_the_reading(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = token_server({}, set())
    with (
        caplog.at_level(logging.INFO),
        pytest.raises(CredentialError, match="401") as caught,
    ):
        ids(with_token(server))
    assert len(server.requests) == 4
    shown = caplog.text + everything_shown(caught.value)
    assert CANARY not in shown
    assert "token-1" not in shown


def test_a_token_about_to_expire_is_replaced_before_it_is_used(
    server: HttpServer,
) -> None:
    answer = token_server({"expires_in": 20}, {"token-1", "token-2"})
    pages = in_turn(Reply(rows(1)), Reply(rows()))
    server.answer = lambda each: answer(each) if each.path == "/token" else pages(each)
    paged = with_token(server)
    type(paged).api = replace(paged.api, pagination=PageNumber())
    assert ids(paged) == [1]
    used = [each.headers["authorization"] for each in server.requests[1::2]]
    assert used == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize("seconds", [10**400, -(10**400), True, 1.5, "soon", None])
def test_a_token_that_says_oddly_how_long_it_lasts_is_used(
    server: HttpServer, seconds: object
) -> None:
    server.answer = token_server({"expires_in": seconds}, {"token-1", "token-2"})
    assert ids(with_token(server)) == [1, 2]


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (Reply(b'{"error": "invalid_client"}', 401), CredentialError, "401"),
        (Reply(b'{"error": "invalid_scope"}', 400), CredentialError, "400"),
        (Reply(b"{}"), CredentialError, "no `access_token`"),
        (Reply(b"[]"), CredentialError, "no `access_token`"),
        (Reply(b'{"access_token": " abc"}'), CredentialError, "with blanks"),
        (Reply(b'{"access_token": "a\\tb"}'), CredentialError, "with blanks"),
        (Reply(b"welcome"), CredentialError, "isn't JSON"),
        (Reply(b"", 503), SourceUnavailableError, "token's server answered 503"),
    ],
)
def test_errors_of_the_token_s_server_are_translated(
    server: HttpServer, reply: Reply, error: type[ConnectorError], says: str
) -> None:
    server.answer = lambda _request: reply
    with pytest.raises(error, match=says) as caught:
        ids(with_token(server))
    assert "/token" in caught.value.where or error is SourceUnavailableError
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_that_is_too_long_is_refused(
    server: HttpServer, *, compressed: bool
) -> None:
    body = rows(*range(5000))
    packed = Reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    server.answer = lambda _request: packed if compressed else Reply(body)
    assert len(ids(source(server))) == 5000
    limits = replace(QUICK, page_bytes=10_000)
    with pytest.raises(UnexpectedResponseError, match="more than 10000 bytes"):
        ids(source(server, limits=limits))
