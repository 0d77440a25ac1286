"""Types of extensions, and foreign tables, on a server that has them."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from pyarrow import parquet
from runtime.exceptions import SourceUnavailableError
from runtime.files.local import LocalFolder
from runtime.loading import load
from runtime.sql.postgresql import PostgreSQL

from tests.packaged_postgresql import MISSING, PackagedPostgreSQL, programs

PASSWORD = secrets.token_hex()
SETUP = """
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE TABLE things (number int, called citext, attributes hstore, place ltree);
INSERT INTO things VALUES
    (1, 'Ünï "quoted"', '"a key"=>"a, b", other=>NULL', 'top.Science.Astronomy'),
    (2, '', '', ''),
    (3, NULL, NULL, NULL);

CREATE EXTENSION postgres_fdw;
CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres');
CREATE USER MAPPING FOR postgres SERVER itself
    OPTIONS (user 'postgres', password '{password}');
CREATE FOREIGN TABLE distant (number int, called citext, attributes hstore, place ltree)
    SERVER itself OPTIONS (table_name 'things');

CREATE SERVER gone FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host '127.0.0.1', port '1', dbname 'postgres');
CREATE USER MAPPING FOR postgres SERVER gone OPTIONS (user 'nobody');
CREATE FOREIGN TABLE lost (number int) SERVER gone;
"""
ROWS = [
    (1, 'Ünï "quoted"', '"a key"=>"a, b", "other"=>NULL', "top.Science.Astronomy"),
    (2, "", "", ""),
    (3, None, None, None),
]
NAMES = ("number", "called", "attributes", "place")


@pytest.fixture(scope="module")
def credentials() -> Iterator[dict[str, Any]]:
    if not programs():
        pytest.skip(MISSING)
    with PackagedPostgreSQL(PASSWORD) as server:
        address = {"dbname": "postgres", "host": "127.0.0.1", "port": server.port}
        connection = psycopg2.connect(user="postgres", password=PASSWORD, **address)
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(SETUP.format(port=server.port, password=PASSWORD))
        yield server.credentials


@pytest.mark.parametrize("table", ["things", "distant"])
def test_values_arrive_as_the_server_writes_them_and_are_verified(
    credentials: dict[str, Any], table: str, tmp_path: Path
) -> None:
    source = PostgreSQL(credentials=credentials)
    folder = LocalFolder(credentials={"root": tmp_path})
    manifest = load(
        source, folder, f"SELECT * FROM {table} ORDER BY 1", "a.parquet", verify="full"
    )
    found = parquet.read_table(tmp_path / "a.parquet")
    assert found.schema.types == [pa.int32(), *[pa.string()] * 3]
    assert found.to_pylist() == [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    assert manifest.rows == len(ROWS)


def test_a_distant_server_that_is_gone_is_worth_a_retry(
    credentials: dict[str, Any],
) -> None:
    source = PostgreSQL(credentials=credentials)
    with pytest.raises(SourceUnavailableError, match='server "gone"'):
        source.to_arrow("SELECT number FROM lost")
