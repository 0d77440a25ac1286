"""A password in a pasted address is refused in every field, and never shown."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from runtime.addresses import Host, HostOfPostgreSQL, Name
from runtime.connector import Connector
from runtime.exceptions import CredentialError, DestinationRejectedError
from runtime.files.adls import AzureDataLake
from runtime.files.local import LocalFolder
from runtime.files.s3 import S3
from runtime.rest.authentication import OAuth2ClientCredentials
from runtime.sql.duckdb import DuckDB
from runtime.sql.generic import GenericSQL
from runtime.sql.mssql import MSSQL
from runtime.sql.mysql import MariaDB, MySQL
from runtime.sql.oracle import Oracle
from runtime.sql.postgresql import PostgreSQL
from runtime.sql.sqlite import SQLite
from runtime.tables.duckdb import DuckDBTables
from runtime.tables.postgresql import PostgreSQLTables

from tests.runtime.frames import OLD
from tests.runtime.places import Files
from tests.runtime.rest.orders import Orders
from tests.runtime.shown import everything_shown

CANARY = "a-canary-in-the-mine"
USER = {"user": "reader", "password": "other"}
DATABASE = {"host": "db", "database": "shop", **USER}
TOKEN = {"client_id": "a", "client_secret": "b", "token_url": "https://id/token"}


WithToken: type[Connector] = type(
    "WithToken", (Orders,), {"credentials_model": OAuth2ClientCredentials}
)


# Connector -> credentials that it accepts, and the fields of an address in them.
CONNECTORS: list[tuple[type[Connector], dict[str, Any], tuple[str, ...]]] = [
    (PostgreSQL, DATABASE, ("host", "port", "database")),
    (PostgreSQLTables, DATABASE, ("host", "port", "database")),
    (MySQL, DATABASE, ("host", "port", "database")),
    (MariaDB, DATABASE, ("host", "port", "database")),
    (MSSQL, DATABASE, ("host", "port", "database")),
    (
        Oracle,
        {"host": "db", "service_name": "shop", **USER},
        ("host", "port", "service_name"),
    ),
    (
        GenericSQL,
        {**DATABASE, "drivername": "postgresql+psycopg2"},
        ("drivername", "host", "port", "database"),
    ),
    (AzureDataLake, {"account_name": "account"}, ("account_name",)),
    (S3, {"endpoint_url": "https://store"}, ("endpoint_url",)),
    (WithToken, {"base_url": "https://api", **TOKEN}, ("base_url", "token_url")),
]
PASTED = [
    f"reader:{CANARY}@db/shop",
    f"reader:{CANARY}@db",
    f"postgresql://reader:{CANARY}@db:5432/shop",
    f"https://reader:{CANARY}@db/shop",
    f"host=db password={CANARY}",
    f"Server=db;PWD={CANARY};",
]


@pytest.mark.parametrize("pasted", PASTED)
@pytest.mark.parametrize(
    ("kind", "accepted", "field"),
    [(kind, given, field) for kind, given, fields in CONNECTORS for field in fields],
    ids=lambda each: "" if isinstance(each, dict) else getattr(each, "__name__", each),
)
def test_a_pasted_address_is_refused_and_not_shown(
    kind: type[Connector], accepted: dict[str, Any], field: str, pasted: str
) -> None:
    kind(credentials=accepted)
    with pytest.raises(CredentialError, match=f"{field}: ") as caught:
        kind(credentials={**accepted, field: pasted})
    assert CANARY not in everything_shown(caught.value)


PATHS = [
    f"key:{CANARY}@container/orders.parquet",
    f"https://reader:{CANARY}@account.example.com/c/orders.parquet",
    f"https://account.example.com/orders.parquet?sv=1&sig={CANARY}",
    f"s3://key:{CANARY}@bucket/orders.parquet",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("place", ["lake", "store", "folder"])
def test_a_pasted_address_is_no_path(
    place: str, path: str, request: pytest.FixtureRequest
) -> None:
    destination = request.getfixturevalue(place).destination
    for use in (
        lambda: list(destination.blocks(path)),
        lambda: destination.from_df(OLD, path),
    ):
        with pytest.raises(DestinationRejectedError, match="a signature") as caught:
            use()
        assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize("path", ["a:b/c@d.csv", "c/2026-01-01T10:00@x.csv", "a@b.csv"])
def test_a_path_may_have_odd_names(folder: Files, path: str) -> None:
    folder.destination.from_df(OLD, path)
    assert folder.content(path)


@pytest.mark.parametrize(
    "path", [f"smb://u:{CANARY}@h/share", f"sqlite://u:{CANARY}@h/d"]
)
def test_a_pasted_address_is_no_local_path(path: str) -> None:
    for kind, field in (
        (LocalFolder, "root"),
        (SQLite, "path"),
        (DuckDB, "path"),
        (DuckDBTables, "path"),
    ):
        with pytest.raises(CredentialError, match=f"{field}: ") as caught:
            kind(credentials={field: path})
        assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize(
    "host",
    ["db", "db.example.com", "10.0.0.1", "::1", "[::1]", "my_host-1", "bücher.de"],
)
def test_a_host_is_accepted(host: str) -> None:
    assert TypeAdapter(Host).validate_python(host) == host
    assert TypeAdapter(HostOfPostgreSQL).validate_python(host) == host


@pytest.mark.parametrize("host", ["/var/run/postgresql", "db1,db2"])
def test_a_host_of_postgresql_may_be_a_folder_or_several(host: str) -> None:
    assert TypeAdapter(HostOfPostgreSQL).validate_python(host) == host
    with pytest.raises(ValidationError, match="without user, port and path"):
        TypeAdapter(Host).validate_python(host)


@pytest.mark.parametrize("name", ["shop", "my shop", "a@b", "täg:1", "C:/x.db", "="])
def test_a_name_may_be_nearly_anything(name: str) -> None:
    assert TypeAdapter(Name).validate_python(name) == name


def test_sql_server_may_have_an_instance() -> None:
    host = "server\\SQLEXPRESS"
    assert MSSQL(credentials={**DATABASE, "host": host}).credentials.host == host
    with pytest.raises(CredentialError, match="host: "):
        MSSQL(credentials={**DATABASE, "host": "server\\a b"})
