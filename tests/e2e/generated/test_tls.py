"""HTTPS: whose certificates are trusted, redirects out of it, and proxies.

A private authority signs the certificate of a server that stands before each real part:
our API, moto's server, Azurite.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from moto.server import ThreadedMotoServer
from sourcewright.services import Azurite

from tests.e2e.generated.api_server import ApiServer
from tests.e2e.generated.parts import HERE, environment, run
from tests.e2e.generated.tls import HOST, ConnectProxy, TlsFront
from tests.golden import golden_of, render

NAME = "part-behind-a-proxy"  # which nobody resolves but our proxy
TOKEN = "a-canary-in-the-mine"  # noqa: S105 - it is to be looked for
KEY = {"access_key_id": "key", "secret_access_key": TOKEN, "region": "us-east-1"}
ROWS = 3
PLACE = "tls/file.parquet"
LOGIN = "clerk:a-canary-of-the-proxy"

# Variables that name trusted certificates, or a proxy; a machine may have them set.
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")
OF_THE_MACHINE = {
    *TRUST,
    *("SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
}
# As docs/how-to/tls.md has it.
HONOURED = {
    "SSL_CERT_FILE": {"rest", "adls"},
    "REQUESTS_CA_BUNDLE": {"s3"},
    "AWS_CA_BUNDLE": {"s3"},
}
WITH_FIELD = ("rest", "s3")

Given = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """A project with what speaks HTTP, and a server with TLS for each."""

    project: Path
    ca_file: Path
    api: ApiServer
    azurite: Azurite
    ports: Mapping[str, int]

    def order(self, kind: str, host: str = HOST, **fields: str) -> Given:
        """Return what the driver does: move three rows by this kind."""
        url = f"https://{host}:{self.ports[kind]}"
        if kind == "rest":
            credentials = {"token": TOKEN, "base_url": f"{url}/v1"}
            return {
                "class": "Rest",
                "query": "orders",
                "credentials": credentials | fields,
            }
        if kind == "s3":
            credentials = {**KEY, "endpoint_url": url}
            return {"class": "S3", "path": PLACE, "credentials": credentials | fields}
        string = self.azurite.connection_string.replace(
            f"http://{HOST}:{self.azurite.port}", url
        )
        credentials = {"connection_string": string} | fields
        return {"class": "AzureDataLake", "path": PLACE, "credentials": credentials}

    def follow(self, *orders: Given, **variables: str) -> list[Given]:
        """Follow orders in one process with some variables."""
        left_out = OF_THE_MACHINE | {name.lower() for name in OF_THE_MACHINE}
        inherited = environment(self.project).items()
        env = {name: value for name, value in inherited if name not in left_out}
        done = run(
            [sys.executable, HERE / "tls_driver.py"],
            env=env | variables,
            cwd=self.project,
            stdin=json.dumps(orders),
        )
        assert done.returncode == 0, done.stdout[-5000:]
        assert TOKEN not in done.stdout
        assert LOGIN not in done.stdout
        return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def parts(
    tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA, azurite: Azurite
) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("tls")
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    render(
        folder / "project",
        [
            *golden_of("source", "rest").applications,
            ["component=destination", "name=s3"],
            ["component=destination", "name=adls"],
        ],
    )
    azurite.create_container(PLACE.partition("/")[0])
    store = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    store.start()
    plain = store.get_host_and_port()[1]
    client = boto3.client(
        "s3",
        aws_access_key_id=KEY["access_key_id"],
        aws_secret_access_key=KEY["secret_access_key"],
        region_name=KEY["region"],
        endpoint_url=f"http://{HOST}:{plain}",
    )
    client.create_bucket(Bucket=PLACE.partition("/")[0])
    certificate = authority.issue_cert(HOST, NAME)
    records = [f'{{"id": {number}}}' for number in range(ROWS)]
    with (
        ApiServer(records, TOKEN) as api,
        TlsFront(api.port, certificate) as rest,
        TlsFront(plain, certificate) as s3,
        TlsFront(azurite.port, certificate) as adls,
    ):
        api.failures.clear()
        ports = {"rest": rest.port, "s3": s3.port, "adls": adls.port}
        yield Parts(folder / "project", ca_file, api, azurite, ports)
    store.stop()


def test_a_server_of_an_unknown_authority_is_refused_at_once(parts: Parts) -> None:
    refused = parts.follow(*map(parts.order, parts.ports))
    for kind, came in zip(parts.ports, refused, strict=True):
        assert came["error"] == "FatalError", (kind, came)
        assert not came["retriable"], kind
        assert (
            "certificate isn't trusted: unable to get local issuer" in came["message"]
        )
        setting = "ca_file" if kind in WITH_FIELD else "SSL_CERT_FILE"
        assert setting in came["message"].partition("Next: ")[2], kind
        assert came["seconds"] < 20, kind


def test_a_server_of_another_name_is_refused(
    parts: Parts, authority: trustme.CA
) -> None:
    certificate = authority.issue_cert("another.sourcewright.test")
    with TlsFront(parts.api.port, certificate) as front:
        order = parts.order("rest", ca_file=str(parts.ca_file))
        order["credentials"]["base_url"] = f"https://{HOST}:{front.port}/v1"
        (came,) = parts.follow(order)
    assert came["error"] == "FatalError"
    assert "IP address mismatch" in came["message"]


def test_the_file_of_the_credentials_is_trusted(parts: Parts) -> None:
    orders = [parts.order(kind, ca_file=str(parts.ca_file)) for kind in WITH_FIELD]
    assert parts.follow(*orders) == [{"rows": ROWS}] * len(orders)


@pytest.mark.parametrize("variable", TRUST)
def test_a_variable_is_honoured_as_the_guide_says(parts: Parts, variable: str) -> None:
    given = parts.follow(
        *map(parts.order, parts.ports), **{variable: str(parts.ca_file)}
    )
    honoured = {
        kind
        for kind, came in zip(parts.ports, given, strict=True)
        if came == {"rows": ROWS}
    }
    assert honoured == HONOURED[variable], given
    assert all("isn't trusted" in each["message"] for each in given if "error" in each)


def test_a_redirect_out_of_tls_is_not_followed(parts: Parts) -> None:
    order = parts.order("rest", ca_file=str(parts.ca_file)) | {"query": "moved"}
    with ApiServer([], TOKEN) as other:
        parts.api.redirect = f"{other.url}/v1/orders"
        (came,) = parts.follow(order)
        assert came["error"] == "UnexpectedResponseError"
        assert "without TLS" in came["message"]
        assert other.requests == []


def test_a_redirect_to_another_server_with_tls_brings_no_credentials(
    parts: Parts, authority: trustme.CA
) -> None:
    order = parts.order("rest", ca_file=str(parts.ca_file)) | {"query": "moved"}
    with (
        ApiServer([], TOKEN) as other,
        TlsFront(other.port, authority.issue_cert(HOST)) as front,
    ):
        parts.api.redirect = f"https://{HOST}:{front.port}/v1/orders"
        (came,) = parts.follow(order)
        assert came["error"] == "CredentialError"  # since it gave none
        assert other.requests == ["/v1/orders"]
        assert other.authorizations == [None]


def test_a_proxy_gets_a_tunnel_and_no_secret(parts: Parts) -> None:
    orders = [parts.order(kind, NAME) for kind in parts.ports]
    with ConnectProxy(LOGIN) as proxy:
        trusted = dict.fromkeys(TRUST, str(parts.ca_file))
        address = f"http://{LOGIN}@{HOST}:{proxy.port}"
        came = parts.follow(*orders, HTTPS_PROXY=address, **trusted)
        assert came == [{"rows": ROWS}] * len(orders)
        asked = {head.split()[1] for head in proxy.heads}
        assert asked == {f"{NAME}:{port}" for port in parts.ports.values()}
        seen = "".join(proxy.heads) + proxy.sent.decode("latin-1")
        assert proxy.sent
        for hidden in (TOKEN, "/v1/orders", parts.azurite.account_name):
            assert hidden not in seen


def test_a_proxy_is_passed_by_for_who_is_in_no_proxy(parts: Parts) -> None:
    orders = [parts.order(kind) for kind in parts.ports]
    with ConnectProxy() as proxy:
        trusted = dict.fromkeys(TRUST, str(parts.ca_file))
        address = f"http://{HOST}:{proxy.port}"
        came = parts.follow(*orders, HTTPS_PROXY=address, NO_PROXY=HOST, **trusted)
        assert came == [{"rows": ROWS}] * len(orders)
        assert proxy.heads == []


def test_a_proxy_that_wants_a_login_is_named(parts: Parts) -> None:
    order = parts.order("rest", NAME, ca_file=str(parts.ca_file))
    with ConnectProxy(LOGIN) as proxy:
        (came,) = parts.follow(order, HTTPS_PROXY=f"http://{HOST}:{proxy.port}")
    assert came["error"] == "CredentialError"
    assert "The proxy wants credentials" in came["message"]
    assert "HTTPS_PROXY" in came["message"]
