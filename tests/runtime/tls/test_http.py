"""HTTPS: trusted certificates, redirects and proxies.

A private authority signs the certificate of a relay before each real part: an HTTP
server of ours, the object store, Azurite.
"""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from sourcewright.services import Azurite

from tests.runtime.forks import Forks
from tests.runtime.places import Files
from tests.runtime.rest.http_server import HttpServer, Reply, Request
from tests.runtime.rest.orders import TWO
from tests.runtime.tls import moving
from tests.runtime.tls.moving import (
    ALL,
    CANARY,
    ROWS,
    TRUST,
    assert_refused,
    move,
    move_each,
)
from tests.runtime.tls.relays import HOST, ConnectProxy, TlsFront

NAME = "part-behind-a-proxy"  # which only our proxy resolves
LOGIN = "clerk:a-canary-of-the-proxy"
KINDS = ("rest", "s3", "adls")
WITH_FIELD = ("rest", "s3")  # their credentials have the field `ca_file`
# As docs/how-to/tls.md says.
HONOURED = {
    "SSL_CERT_FILE": {"rest", "adls"},
    "REQUESTS_CA_BUNDLE": {"s3"},
    "AWS_CA_BUNDLE": {"s3"},
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ALL:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


class Parts:
    """A relay with TLS before each part, and how to move rows there."""

    def __init__(self, ports: dict[str, int], places: dict[str, Files]) -> None:
        self.ports = ports
        self._places = places

    def move(
        self, kind: str, host: str = HOST, **fields: str
    ) -> tuple[str, dict[str, Any], str]:
        """Return the arguments of `move`."""
        port = self.ports[kind]
        if kind == "rest":
            credentials = {"token": CANARY, "base_url": f"https://{host}:{port}/v1"}
            return f"{moving.__name__}.KeyedOrders", credentials | fields, "orders"
        place = self._places[kind]
        credentials = {
            key: text.replace(f"http://{HOST}:{port}", f"https://{host}:{port}")
            for key, text in place.through(port).items()
        }
        if kind == "s3":
            credentials["secret_access_key"] = CANARY
        made = type(place.destination)
        path = f"{made.__module__}.{made.__name__}"
        return path, credentials | fields, place.fresh()


def answer(request: Request) -> Reply:
    """Give two orders to who has the token."""
    known = request.headers.get("authorization") == f"Bearer {CANARY}"
    return Reply(TWO) if known else Reply(b"", 401)


@pytest.fixture(scope="module")
def parts(authority: trustme.CA, store: Files, lake: Files) -> Iterator[Parts]:
    certificate = authority.issue_cert(HOST, NAME)
    with (
        HttpServer(answer) as api,
        TlsFront(int(api.url.rpartition(":")[2]), certificate) as rest,
        TlsFront(store.port, certificate) as s3,
        TlsFront(lake.port, certificate) as adls,
    ):
        ports = {"rest": rest.port, "s3": s3.port, "adls": adls.port}
        yield Parts(ports, {"s3": store, "adls": lake})


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    # But not adlfs: it reads SSL_CERT_FILE when it is imported.
    with Forks("boto3", "httpx", "pandas", "pyarrow.parquet", moving.__name__) as forks:
        yield forks


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_of_an_unknown_authority_is_refused_at_once(
    parts: Parts, kind: str
) -> None:
    came = move(*parts.move(kind))
    setting = "ca_file" if kind in WITH_FIELD else "SSL_CERT_FILE"
    assert_refused(came, "certificate isn't trusted: unable to get local", setting)
    assert came["seconds"] < 20


@pytest.mark.parametrize("kind", WITH_FIELD)
def test_the_file_of_the_credentials_is_trusted(
    parts: Parts, ca_file: str, kind: str
) -> None:
    assert move(*parts.move(kind, ca_file=ca_file)) == {"rows": ROWS}


def tls_server(authority: trustme.CA, name: str, answer: Any) -> HttpServer:
    """Return a server with a certificate of a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return HttpServer(answer, context)


def test_a_server_of_another_name_is_refused(
    parts: Parts, authority: trustme.CA, ca_file: str
) -> None:
    with tls_server(authority, "another.example", answer) as server:
        came = move(*parts.move("rest", ca_file=ca_file, base_url=server.url))
    assert_refused(came, "IP address mismatch")


def test_a_redirect_to_another_server_with_tls_brings_no_credentials(
    parts: Parts, authority: trustme.CA, ca_file: str
) -> None:
    with tls_server(authority, HOST, answer) as other:
        there = {"Location": f"{other.url}/orders"}
        with tls_server(authority, HOST, lambda _: Reply(b"", 307, there)) as server:
            came = move(*parts.move("rest", ca_file=ca_file, base_url=server.url))
        assert_refused(came, "refused the credentials")
        (request,) = other.requests
        assert "authorization" not in request.headers


@pytest.mark.parametrize("variable", TRUST)
def test_a_variable_is_honoured_as_the_guide_says(
    parts: Parts, ca_file: str, forks: Forks, variable: str
) -> None:
    moves = [parts.move(kind) for kind in KINDS]
    came = forks.call(move_each, {variable: ca_file}, moves)
    trusted = {k for k, each in zip(KINDS, came, strict=True) if each == {"rows": ROWS}}
    assert trusted == HONOURED[variable], came
    assert all("isn't trusted" in each["what"] for each in came if "error" in each)


def test_a_proxy_gets_a_tunnel_and_no_secret(
    parts: Parts, ca_file: str, forks: Forks, azurite: Azurite
) -> None:
    variables = dict.fromkeys(TRUST, ca_file)
    with ConnectProxy(LOGIN) as proxy:
        variables["HTTPS_PROXY"] = f"http://{LOGIN}@{HOST}:{proxy.port}"
        moves = [parts.move(kind, NAME) for kind in KINDS]
        came = forks.call(move_each, variables, moves)
        assert came == [{"rows": ROWS}] * len(KINDS)
        asked = {head.split()[1] for head in proxy.heads}
        assert asked == {f"{NAME}:{port}" for port in parts.ports.values()}
        seen = "".join(proxy.heads) + proxy.sent.decode("latin-1")
        assert proxy.sent
        for hidden in (CANARY, "/v1/orders", azurite.account_name):
            assert hidden not in seen


def test_a_server_in_no_proxy_is_reached_directly(
    parts: Parts, ca_file: str, forks: Forks
) -> None:
    variables = {**dict.fromkeys(TRUST, ca_file), "NO_PROXY": HOST}
    with ConnectProxy() as proxy:
        variables["HTTPS_PROXY"] = f"http://{HOST}:{proxy.port}"
        moves = [parts.move(kind) for kind in KINDS]
        came = forks.call(move_each, variables, moves)
        assert came == [{"rows": ROWS}] * len(KINDS)
        assert proxy.heads == []
