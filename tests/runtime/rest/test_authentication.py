from typing import Any

import pytest
from runtime.exceptions import CredentialError
from runtime.rest.authentication import (
    ApiKeyHeader,
    ApiKeyQuery,
    BasicAuthentication,
    BearerToken,
    NoAuthentication,
)

from tests.runtime.rest.http_server import HttpServer
from tests.runtime.rest.orders import CANARY, ids, source, with_token
from tests.runtime.shown import everything_shown


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
def test_a_secret_is_sent_in_its_header(
    server: HttpServer, model: Any, fields: dict[str, Any], name: str, value: str
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
def test_a_secret_that_cannot_be_sent_is_refused_and_not_shown(
    server: HttpServer, model: Any, fields: dict[str, Any], says: str
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
        with_token(server, **{field: address})
    assert CANARY not in everything_shown(caught.value)


def test_an_address_with_parameters_is_refused(server: HttpServer) -> None:
    with pytest.raises(CredentialError, match=r"base_url: .* parameters") as caught:
        with_token(server, base_url=f"http://api.example.com/v1?key={CANARY}")
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize(
    "address",
    ["https://api.example.com", "http://localhost:8080/v1/", "http://[::1]:1"],
)
def test_an_address_of_a_server_is_accepted(address: str) -> None:
    assert NoAuthentication(base_url=address).base_url == address
