"""TLS of databases: real servers that demand it, and some that have none."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from sourcewright.services import PostgreSQL

from tests import mariadb
from tests.e2e.generated.parts import HERE, environment, postgresql_credentials, run
from tests.golden import golden_of, render
from tests.postgresql_tls import DATABASE, USER, TlsPostgreSQL, programs

HOST, OTHER_NAME = "127.0.0.1", "localhost"
PASSWORD = "a-canary-in-the-mine"  # noqa: S105 - it is to be looked for
# Each gives a row where the connection has TLS.
IN_TLS = {
    "PostgreSQL": "SELECT 1 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl",
    "MariaDB": (
        "SELECT 1 FROM information_schema.SESSION_STATUS "
        "WHERE VARIABLE_NAME = 'Ssl_cipher' AND VARIABLE_VALUE <> ''"
    ),
}
POSTGRESQL = ("PostgreSQL", "Warehouse")
NO_MARIADB = mariadb.missing()
NO_POSTGRESQL = "" if programs() else "no PostgreSQL with TLS: install postgresql"

Given = dict[str, Any]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("right") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def wrong_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("wrong") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("tls") / "project"
    render(
        project,
        [
            *golden_of("source", "mariadb").applications,
            golden_of("source", "postgresql").answers,
            ["component=destination", "name=warehouse", "kind=postgresql"],
        ],
    )
    return project


def follow(project: Path, *orders: Given) -> list[Given]:
    """Follow orders in one process; no message has a password."""
    done = run(
        [sys.executable, HERE / "tls_driver.py"],
        env=environment(project),
        cwd=project,
        stdin=json.dumps(orders),
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert PASSWORD not in done.stdout
    assert mariadb.PASSWORD not in done.stdout
    return list(json.loads(done.stdout.splitlines()[-1]))


def order(class_name: str, credentials: Given) -> Given:
    """Return how to move rows: one, or three into a table."""
    found = {"class": class_name, "credentials": credentials}
    if class_name in IN_TLS:
        return found | {"query": IN_TLS[class_name]}
    return found | {"target": "in_tls", "options": {"mode": "replace"}}


def assert_refused(came: Given, what: str, setting: str) -> None:
    """Make sure that an error is fatal, and says what is wrong and what to give."""
    assert came.get("error") in {"FatalError", "CredentialError"}, came
    assert not came["retriable"]
    said, _, next_step = came["message"].partition("Next: ")
    assert what in said, came
    assert setting in next_step, came


@pytest.fixture(scope="module")
def demanding(authority: trustme.CA) -> Iterator[Given]:
    """Give the credentials of a PostgreSQL that takes no connection without TLS."""
    with TlsPostgreSQL(authority.issue_cert(HOST), PASSWORD) as server:
        yield {
            "host": HOST,
            "port": server.port,
            "database": DATABASE,
            "user": USER,
            "password": PASSWORD,
        }


@pytest.mark.skipif(bool(NO_POSTGRESQL), reason=NO_POSTGRESQL)
@pytest.mark.parametrize("class_name", POSTGRESQL)
def test_postgresql_looks_at_certificates_as_sslmode_says(
    class_name: str, project: Path, demanding: Given, ca_file: str, wrong_file: str
) -> None:
    right, wrong = {"sslrootcert": ca_file}, {"sslrootcert": wrong_file}
    elsewhere = {**right, "host": OTHER_NAME}
    taken = [
        {},
        {"sslmode": "require"},
        {"sslmode": "verify-ca", **right},
        {"sslmode": "verify-ca", **elsewhere},
        {"sslmode": "verify-full", **right},
    ]
    refused = [
        ({"sslmode": "disable"}, "no encryption", "sslmode"),
        ({"sslmode": "require", **wrong}, "certificate verify failed", "sslrootcert"),
        ({"sslmode": "verify-ca", **wrong}, "certificate verify failed", "sslrootcert"),
        ({"sslmode": "verify-full", **elsewhere}, "does not match host", "host"),
        (
            {"sslmode": "verify-full", "sslrootcert": "/no/such/ca.pem"},
            'file "/no/such/ca.pem" does not exist',
            "sslrootcert",
        ),
    ]
    tried = [*taken, *(fields for fields, *_ in refused)]
    came = follow(project, *(order(class_name, demanding | each) for each in tried))
    rows = 1 if class_name in IN_TLS else 3
    assert came[: len(taken)] == [{"rows": rows}] * len(taken)
    for each, (_, what, setting) in zip(came[len(taken) :], refused, strict=True):
        assert_refused(each, what, setting)


@pytest.mark.parametrize("class_name", POSTGRESQL)
def test_a_postgresql_without_tls_is_refused_where_it_is_asked_for(
    class_name: str, project: Path, postgres: PostgreSQL
) -> None:
    fields = postgresql_credentials(postgres, sslmode="require")
    (came,) = follow(project, order(class_name, fields))
    assert_refused(came, "does not support SSL", "sslmode")


@pytest.mark.skipif(bool(NO_MARIADB), reason=NO_MARIADB)
def test_mariadb_has_to_show_a_certificate_of_ssl_ca_and_of_its_name(
    project: Path,
    authority: trustme.CA,
    ca_file: str,
    wrong_file: str,
    tmp_path: Path,
) -> None:
    certificate = authority.issue_cert(HOST)
    bundle = tmp_path / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(bundle))
    settings = [f"--ssl-cert={bundle}", f"--ssl-key={bundle}"]
    with mariadb.MariaDB(*settings, "--require-secure-transport=ON") as server:
        fields = server.credentials
        came = follow(
            project,
            order("MariaDB", {**fields, "ssl_ca": ca_file}),
            order("MariaDB", fields),
            order("MariaDB", {**fields, "ssl_ca": wrong_file}),
            order("MariaDB", {**fields, "ssl_ca": ca_file, "host": OTHER_NAME}),
            order("MariaDB", {**fields, "ssl_ca": "/no/such/ca.pem"}),
        )
    trusted, unlooked_at, wrong, elsewhere, missing = came
    # PyMySQL takes TLS where it is offered.
    assert trusted == unlooked_at == {"rows": 1}
    assert_refused(wrong, "isn't trusted: unable to get local issuer", "ssl_ca")
    assert_refused(elsewhere, "isn't trusted: Hostname mismatch", "host")
    assert_refused(missing, "ssl_ca: Value error, the file can't be used", "ssl_ca")


@pytest.mark.skipif(bool(NO_MARIADB), reason=NO_MARIADB)
def test_a_mariadb_without_tls_is_refused_where_ssl_ca_asks_for_it(
    project: Path, ca_file: str
) -> None:
    with mariadb.MariaDB() as server:
        fields = {**server.credentials, "ssl_ca": ca_file}
        (came,) = follow(project, order("MariaDB", fields))
    assert_refused(came, "doesn't support", "ssl_ca")
