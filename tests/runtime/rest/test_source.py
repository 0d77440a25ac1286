"""A REST source, on servers that behave and on one that misbehaves."""

import logging
from collections.abc import Generator

import pyarrow as pa
import pytest
from runtime.exceptions import (
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
from runtime.rest.authentication import (
    ApiKeyHeader,
    ApiKeyQuery,
    BasicAuthentication,
    BearerToken,
    NoAuthentication,
    OAuth2ClientCredentials,
)
from runtime.rest.pagination import (
    Cursor,
    LinkHeader,
    NextUrl,
    OffsetLimit,
    PageNumber,
    Pagination,
    SinglePage,
)
from runtime.rest.records import TYPES
from runtime.rest.source import REST, RestAPI

from tests.runtime.rest.http_server import HttpServer, Reply
from tests.runtime.rest.orders import CANARY, QUICK, TWO, ids, in_turn, rows, source
from tests.runtime.rest.rest_server import RestServer, example
from tests.runtime.shown import everything_shown

SERVED: dict[type[NoAuthentication], dict[str, str]] = {
    NoAuthentication: {},
    ApiKeyHeader: {"key": CANARY},
    ApiKeyQuery: {"key": CANARY},
    BasicAuthentication: {"user": "ada", "password": CANARY},
    BearerToken: {"token": CANARY},
    OAuth2ClientCredentials: {
        "token_url": "",
        "client_id": "pipelines",
        "client_secret": CANARY,
    },
}
PAGED: list[Pagination] = [
    SinglePage(),
    PageNumber(),
    OffsetLimit(),
    Cursor(),
    LinkHeader(),
    NextUrl(),
]
COLUMNS = {**{kind: kind for kind in TYPES}, "price": "decimal(20, 4)"}


def served(
    model: type[NoAuthentication], pagination: Pagination
) -> tuple[RestServer, REST]:
    """Return a server of records with every type, and its source."""
    api = RestAPI("https://api.example.com", pagination, "data.items", COLUMNS)
    attributes = {"credentials_model": model, "limits": QUICK, "api": api}
    connector = type("Records", (REST,), attributes)
    server = RestServer(connector, SERVED[model])
    return server, connector(credentials=server.credentials)


@pytest.mark.parametrize("model", SERVED, ids=lambda model: model.__name__)
@pytest.mark.parametrize("pagination", PAGED, ids=lambda each: type(each).__name__)
def test_every_record_arrives_by_every_way(
    model: type[NoAuthentication],
    pagination: Pagination,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, source = served(model, pagination)
    with server, caplog.at_level(logging.INFO):
        found = source.to_arrow("records?count=250").to_pylist()
    assert found == [
        {name: example(kind, number)[1] for name, kind in COLUMNS.items()}
        for number in range(1, 251)
    ]
    assert "records?count=250" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.parametrize("model", SERVED, ids=lambda model: model.__name__)
def test_refused_credentials_are_not_shown(
    model: type[NoAuthentication], caplog: pytest.LogCaptureFixture
) -> None:
    server, source = served(model, PageNumber())
    server.answer = lambda _request: Reply(CANARY.encode(), 401)
    with (
        server,
        caplog.at_level(logging.INFO),
        pytest.raises(CredentialError) as caught,
    ):
        source.to_arrow("records?count=3")
    assert caught.value.where
    assert CANARY not in caplog.text + everything_shown(caught.value)
    assert CANARY not in f"{source!r} {source.credentials!r} {vars(source)}"


def test_batches_are_bounded_and_hold_the_same_rows() -> None:
    server, source = served(NoAuthentication, PageNumber())
    with server:
        batches = list(source.to_batches("records?count=100", batch_bytes=1))
        assert [batch.num_rows for batch in batches] == [1] * 100
        whole = source.to_arrow("records?count=100")
    assert pa.Table.from_batches(batches) == whole


def test_without_records_there_is_one_empty_batch() -> None:
    server, source = served(NoAuthentication, PageNumber())
    with server:
        (batch,) = source.to_batches("records?count=0")
        assert batch.num_rows == 0
        assert batch.schema == source.to_arrow("records?count=1").schema


def test_an_unreachable_server_can_be_retried() -> None:
    _, source = served(BearerToken, SinglePage())
    nowhere = {"token": CANARY, "base_url": "http://127.0.0.1:1"}
    unreachable = type(source)(credentials=nowhere)
    batches = unreachable.to_batches("orders")  # which asks for nothing yet
    with pytest.raises(SourceUnavailableError, match="can't be reached") as caught:
        next(batches)
    assert CANARY not in everything_shown(caught.value)


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


@pytest.mark.parametrize("query", ["\ud800", "orders?a=\udfff"], ids=ascii)
def test_a_resource_has_no_lone_surrogates(server: HttpServer, query: str) -> None:
    with pytest.raises(QueryRejectedError, match="isn't one") as caught:
        ids(source(server), query)
    assert str(caught.value).isprintable()
    assert not server.requests


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
def test_a_resource_must_be_below_the_address(server: HttpServer, query: str) -> None:
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


def test_a_parameter_of_the_pagination_cannot_be_set(server: HttpServer) -> None:
    with pytest.raises(QueryRejectedError, match="sets 'page'"):
        ids(source(server, pagination=PageNumber()), "orders?page=3")


BAD = [
    (Reply(b"", 400), QueryRejectedError, "doesn't understand the request .400"),
    (Reply(b"", 401), CredentialError, "refused the credentials .401"),
    (Reply(b"", 403), CredentialError, "don't allow reading this .403"),
    (Reply(b"", 404), QueryRejectedError, "no such resource .404"),
    (Reply(b"", 422), QueryRejectedError, "refused the request .422"),
    (Reply(b"", 202), UnexpectedResponseError, "no complete answer .202"),
    (Reply(b" <html>login"), UnexpectedResponseError, "is a web page"),
    (
        Reply(b"login", headers={"Content-Type": "text/html; charset=utf-8"}),
        UnexpectedResponseError,
        "is a web page",
    ),
    (Reply(TWO, missing=10), SourceUnavailableError, "connection broke"),
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
def test_a_bad_answer_is_explained(
    server: HttpServer, reply: Reply, error: type[ConnectorError], says: str
) -> None:
    server.answer = lambda _request: reply
    with pytest.raises(error, match=says) as caught:
        ids(source(server))
    assert "orders" in caught.value.where
    assert caught.value.next_step
    assert "canary" not in everything_shown(caught.value)
    assert isinstance(caught.value, RetriableError | FatalError)


def test_a_cursor_that_repeats_is_noticed(server: HttpServer) -> None:
    server.answer = lambda _request: Reply(rows(1, next_cursor="again"))
    with pytest.raises(UnexpectedResponseError, match=r"after page 2 .* already read"):
        ids(source(server, pagination=Cursor()))


def test_pages_without_an_end_are_noticed(server: HttpServer) -> None:
    server.answer = lambda _request: Reply(rows(1))
    with pytest.raises(UnexpectedResponseError, match="no end after 7 pages"):
        ids(source(server, pagination=PageNumber(page_limit=7)))
    assert len(server.requests) == 7


def test_only_the_pages_that_are_needed_are_read(
    server: HttpServer,
) -> None:
    server.answer = lambda _request: Reply(rows(1, 2))
    batches = source(server, pagination=PageNumber()).to_batches("orders")
    assert next(batches).num_rows == 2
    assert len(server.requests) == 1
    assert isinstance(batches, Generator)
    batches.close()
    assert len(server.requests) == 1
