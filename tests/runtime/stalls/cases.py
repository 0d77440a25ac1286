"""What is done with servers that fall silent, and at which place they do."""

import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pyarrow as pa
from runtime.destination import Check
from runtime.exceptions import (
    ConnectorError,
    DestinationUnavailableError,
    SourceUnavailableError,
)
from runtime.files.adls import AzureDataLake
from runtime.files.destination import FileDestination
from runtime.files.s3 import S3
from runtime.rest.authentication import NoAuthentication, OAuth2ClientCredentials
from runtime.sql.mysql import MariaDB
from runtime.sql.postgresql import PostgreSQL
from runtime.tables.postgresql import PostgreSQLTables

from tests.runtime.places import Files, Warehouse
from tests.runtime.rest.http_server import HttpServer
from tests.runtime.rest.orders import QUICK, source
from tests.runtime.stalling_proxy import (
    When,
    after_answered,
    after_sent,
    at_once,
    on,
)

MEGABYTE = 2**20
TWO_ROWS = "SELECT 1 AS number UNION ALL SELECT 2"
MANY_ROWS = "SELECT generate_series(1, 3000000) AS number"
MANY_OF_MARIADB = "SELECT seq AS number FROM shop.seq_1_to_3000000"
# Hardly compressible, and longer than a part of S3.
CHANCE = random.Random(1)
LONG = [b64encode(CHANCE.randbytes(48)).decode() for _ in range(400_000)]


@dataclass(frozen=True)
class Servers:
    """The real servers."""

    postgresql: dict[str, Any]  # credentials
    mariadb: dict[str, Any] | None
    warehouse: Warehouse
    lake: Files
    store: Files
    http: HttpServer


class Case(NamedTuple):
    """A place at which a server falls silent.

    Attributes:
        server: Which one.
        place: A name for the place.
        when: How the proxy knows it.
        run: Does what meets it: with the servers, the port, and a limit of seconds.
        error: What it raises; None if the rows are safe then.
    """

    server: str
    place: str
    when: When
    run: Callable[[Servers, int, float], object]
    error: type[ConnectorError] | None


def postgresql(servers: Servers, port: int, seconds: float) -> PostgreSQL:
    credentials = {**servers.postgresql, "port": port, "sslmode": "disable"}
    return PostgreSQL(credentials=credentials, query_timeout=int(seconds))


def read(servers: Servers, port: int, seconds: float) -> None:
    for _ in postgresql(servers, port, seconds).to_batches(MANY_ROWS):
        pass


def name_snapshot(servers: Servers, port: int, seconds: float) -> None:
    with postgresql(servers, port, seconds).snapshot() as snapshot:
        assert snapshot.id


def sum_up(servers: Servers, port: int, seconds: float) -> None:
    with postgresql(servers, port, seconds).snapshot() as snapshot:
        snapshot.checksums(TWO_ROWS)


def read_few(servers: Servers, port: int, seconds: float) -> None:
    assert postgresql(servers, port, seconds).to_arrow(TWO_ROWS).num_rows == 2


def fill(
    servers: Servers,
    port: int,
    seconds: float,
    rows: int = 10,
    check: Check | None = None,
) -> None:
    credentials = {**servers.warehouse.credentials, "port": port, "sslmode": "disable"}
    tables = PostgreSQLTables(credentials=credentials, query_timeout=int(seconds))
    table = servers.warehouse.fresh()
    batch = pa.record_batch({"text": LONG[:rows]})
    tables.from_batches([batch], table, load_id="one", check=check)
    assert len(servers.warehouse.rows(table)) == rows


def fill_checked(servers: Servers, port: int, seconds: float) -> None:
    fill(servers, port, seconds, len(LONG), read_all)


def fill_much(servers: Servers, port: int, seconds: float) -> None:
    fill(servers, port, seconds, len(LONG))


def mariadb(servers: Servers, port: int, seconds: float, query: str) -> int:
    credentials = {**(servers.mariadb or {}), "port": port}
    made = MariaDB(credentials=credentials, query_timeout=int(seconds))
    return sum(batch.num_rows for batch in made.to_batches(query))


def read_mariadb(servers: Servers, port: int, seconds: float) -> None:
    mariadb(servers, port, seconds, MANY_OF_MARIADB)


def read_few_of_mariadb(servers: Servers, port: int, seconds: float) -> None:
    assert mariadb(servers, port, seconds, TWO_ROWS) == 2


def write(
    kind: type[FileDestination], place: Files, port: int, *, checked: bool = False
) -> None:
    destination = kind(credentials=place.through(port))
    batch = pa.record_batch({"text": LONG})
    destination.from_batches(
        [batch], place.fresh(), check=read_all if checked else None
    )


def read_all(batches: Iterator[pa.RecordBatch]) -> None:
    assert sum(batch.num_rows for batch in batches) == len(LONG)


def write_lake(servers: Servers, port: int, _seconds: float) -> None:
    write(AzureDataLake, servers.lake, port)


def check_lake(servers: Servers, port: int, _seconds: float) -> None:
    write(AzureDataLake, servers.lake, port, checked=True)


def write_store(servers: Servers, port: int, _seconds: float) -> None:
    write(S3, servers.store, port)


def check_store(servers: Servers, port: int, _seconds: float) -> None:
    write(S3, servers.store, port, checked=True)


def get(
    servers: Servers,
    port: int,
    seconds: float,
    model: type[NoAuthentication] = NoAuthentication,
    **fields: Any,
) -> None:
    limits = replace(
        QUICK, connect_seconds=seconds, read_seconds=600, total_seconds=seconds
    )
    through = {"base_url": f"http://127.0.0.1:{port}/v1", **fields}
    source(servers.http, model, limits, **through).to_arrow("orders")


def get_with_token(servers: Servers, port: int, seconds: float) -> None:
    get(
        servers,
        servers.http.port,
        seconds,
        OAuth2ClientCredentials,
        token_url=f"http://127.0.0.1:{port}/token",
        client_id="a",
        client_secret="b",
    )


LOST, LATE = DestinationUnavailableError, SourceUnavailableError
CASES = [
    Case("PostgreSQL, source", "connecting", at_once, read, LATE),
    Case("PostgreSQL, source", "signing in", after_answered(50), read, LATE),
    Case("PostgreSQL, source", "describing", on(b"LIMIT 0"), read, LATE),
    Case(
        "PostgreSQL, source",
        "snapshot",
        on(b"pg_current_snapshot"),
        name_snapshot,
        LATE,
    ),
    Case("PostgreSQL, source", "query", on(b"COPY ("), read, LATE),
    Case("PostgreSQL, source", "rows", after_answered(MEGABYTE), read, LATE),
    Case("PostgreSQL, source", "types", on(b"FROM pg_type"), sum_up, LATE),
    Case("PostgreSQL, source", "checksums", on(b"hash_record"), sum_up, LATE),
    Case("PostgreSQL, source", "close", on(b"X\0\0\0\4"), read_few, None),
    Case("PostgreSQL, destination", "connecting", at_once, fill, LOST),
    Case("PostgreSQL, destination", "signing in", after_answered(50), fill, LOST),
    Case("PostgreSQL, destination", "first", on(b"to_regclass"), fill, LOST),
    Case("PostgreSQL, destination", "stage", on(b"CREATE TEMP"), fill, LOST),
    Case("PostgreSQL, destination", "rows", after_sent(MEGABYTE), fill_much, LOST),
    Case("PostgreSQL, destination", "reading back", on(b"ctid >="), fill_checked, LOST),
    Case("PostgreSQL, destination", "insert", on(b"INSERT INTO"), fill, LOST),
    Case("PostgreSQL, destination", "commit", on(b"COMMIT\0"), fill, LOST),
    Case("PostgreSQL, destination", "close", on(b"X\0\0\0\4"), fill, None),
    Case("MariaDB", "connecting", at_once, read_mariadb, LATE),
    Case("MariaDB", "signing in", after_answered(50), read_mariadb, LATE),
    Case("MariaDB", "settings", on(b"SET SESSION"), read_mariadb, LATE),
    Case("MariaDB", "query", on(b"seq_1_to"), read_mariadb, LATE),
    Case("MariaDB", "rows", after_answered(MEGABYTE), read_mariadb, LATE),
    Case("MariaDB", "close", on(b"\1\0\0\0\1"), read_few_of_mariadb, None),
    Case("Azurite", "connecting", at_once, write_lake, LOST),
    Case("Azurite", "first", on(b"HEAD /"), write_lake, LOST),
    Case("Azurite", "block", after_sent(9 * MEGABYTE), write_lake, LOST),
    Case("Azurite", "commit", on(b"comp=blocklist"), write_lake, LOST),
    Case("Azurite", "reading back", on(b"GET /"), check_lake, LOST),
    Case("S3", "connecting", at_once, write_store, LOST),
    Case("S3", "first", on(b"GET /"), write_store, LOST),
    Case("S3", "part", after_sent(9 * MEGABYTE), write_store, LOST),
    Case("S3", "commit", on(b"<CompleteMultipartUpload"), write_store, LOST),
    Case("S3", "reading back", on(b"ange: bytes="), check_store, LOST),
    Case("HTTP", "connecting", at_once, get, LATE),
    Case("HTTP", "request", on(b"GET /v1"), get, LATE),
    Case("HTTP", "headers", after_answered(20), get, LATE),
    Case("HTTP", "body", after_answered(MEGABYTE), get, LATE),
    Case("OAuth", "connecting", at_once, get_with_token, LATE),
    Case("OAuth", "request", on(b"POST /token"), get_with_token, LATE),
    Case("OAuth", "answer", after_answered(20), get_with_token, LATE),
]


def target_of(case: Case, servers: Servers) -> int:
    """Return the port of the real server."""
    ports = {
        "PostgreSQL, source": servers.postgresql["port"],
        "PostgreSQL, destination": servers.postgresql["port"],
        "MariaDB": (servers.mariadb or {}).get("port", 0),
        "Azurite": servers.lake.port,
        "S3": servers.store.port,
        "HTTP": servers.http.port,
        "OAuth": servers.http.port,
    }
    return int(ports[case.server])
