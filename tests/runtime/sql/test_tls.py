"""TLS of databases: real servers that require it, and some that don't have it."""

from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from tests import mariadb
from tests.mariadb import MariaDB
from tests.packaged_postgresql import MISSING, PackagedPostgreSQL, programs
from tests.runtime.tls.moving import CANARY, ROWS, Moved, assert_refused, move

HOST, OTHER_NAME = "127.0.0.1", "localhost"
# By class: a query that has a row if the connection has TLS, or a table.
POSTGRESQL = {
    "runtime.sql.postgresql.PostgreSQL": (
        "SELECT 1 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"
    ),
    "runtime.tables.postgresql.PostgreSQLTables": "in_tls",
}
MARIADB = (
    "SELECT 1 FROM information_schema.SESSION_STATUS "
    "WHERE VARIABLE_NAME = 'Ssl_cipher' AND VARIABLE_VALUE <> ''"
)


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
def demanding(authority: trustme.CA) -> Iterator[dict[str, Any]]:
    """Return the credentials of a PostgreSQL that requires TLS."""
    if not programs():
        pytest.skip(MISSING)
    with PackagedPostgreSQL(CANARY, authority.issue_cert(HOST)) as server:
        yield server.credentials


@pytest.mark.parametrize("class_path", POSTGRESQL)
def test_sslmode_decides_how_certificates_of_postgresql_are_checked(
    class_path: str, demanding: dict[str, Any], ca_file: str, wrong_file: str
) -> None:
    target = POSTGRESQL[class_path]
    right, wrong = {"sslrootcert": ca_file}, {"sslrootcert": wrong_file}
    elsewhere = {**right, "host": OTHER_NAME}
    for fields in (
        {},
        {"sslmode": "require"},
        {"sslmode": "verify-ca", **right},
        {"sslmode": "verify-ca", **elsewhere},
        {"sslmode": "verify-full", **right},
    ):
        rows = 1 if target.startswith("SELECT") else ROWS
        assert move(class_path, demanding | fields, target) == {"rows": rows}
    missing = {"sslrootcert": "/no/such/ca.pem"}
    for fields, what, setting in (
        ({"sslmode": "disable"}, "no encryption", "sslmode"),
        ({"sslmode": "require", **wrong}, "certificate verify failed", "sslrootcert"),
        ({"sslmode": "verify-ca", **wrong}, "certificate verify failed", "sslrootcert"),
        ({"sslmode": "verify-full", **elsewhere}, "does not match host", "host"),
        ({"sslmode": "require", **missing}, "No such file", "sslrootcert"),
    ):
        came = move(class_path, demanding | fields, target)
        assert_refused(came, what, setting)


@pytest.mark.parametrize("class_path", POSTGRESQL)
def test_a_postgresql_without_tls_is_refused_if_it_is_required(
    class_path: str, of_postgresql: dict[str, Any]
) -> None:
    required = {**of_postgresql, "sslmode": "require"}
    came = move(class_path, required, POSTGRESQL[class_path])
    assert_refused(came, "does not support SSL", "sslmode")


def of_mariadb(server: MariaDB, **fields: str) -> Moved:
    """Read from a server with further fields of the credentials."""
    came = move("runtime.sql.mysql.MariaDB", server.credentials | fields, MARIADB)
    assert mariadb.PASSWORD not in str(came)
    return came


@pytest.mark.skipif(bool(mariadb.missing()), reason=mariadb.missing())
def test_ssl_ca_checks_the_authority_and_the_name_of_mariadb(
    authority: trustme.CA,
    ca_file: str,
    wrong_file: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    bundle = tmp_path_factory.mktemp("server") / "server.pem"
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(bundle))
    settings = [f"--ssl-cert={bundle}", f"--ssl-key={bundle}"]
    with MariaDB(*settings, "--require-secure-transport=ON") as server:
        assert of_mariadb(server, ssl_ca=ca_file) == {"rows": 1}
        # PyMySQL uses TLS if the server offers it.
        assert of_mariadb(server) == {"rows": 1}
        came = of_mariadb(server, ssl_ca=wrong_file)
        assert_refused(came, "isn't trusted: unable to get local issuer", "ssl_ca")
        came = of_mariadb(server, ssl_ca=ca_file, host=OTHER_NAME)
        assert_refused(came, "isn't trusted: Hostname mismatch", "host")
        came = of_mariadb(server, ssl_ca="/no/such/ca.pem")
        assert_refused(came, "ssl_ca: Value error, the file can't be used", "ssl_ca")


def test_a_mariadb_without_tls_is_refused_if_ssl_ca_is_given(
    mariadb: MariaDB, ca_file: str
) -> None:
    assert_refused(of_mariadb(mariadb, ssl_ca=ca_file), "doesn't support", "ssl_ca")
