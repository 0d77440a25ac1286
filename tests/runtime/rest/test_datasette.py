"""Datasette, a REST API that others wrote, is read to its end in two of its ways."""

import logging
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from runtime.rest.authentication import NoAuthentication
from runtime.rest.pagination import Cursor, NextUrl, Pagination
from runtime.rest.source import REST, RestAPI
from sourcewright.services.ports import HOST, choose_port

from tests.runtime.rest.orders import QUICK

ROWS, PAGE = 1_000, 150
COLUMNS = {"id": "integer", "name": "string", "price": "number"}
PAGED: list[Pagination] = [
    Cursor(selector="next", parameter="_next"),
    NextUrl(selector="next_url"),
]


class Shop(NamedTuple):
    """Datasette, and the rows of its table."""

    url: str
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    rows = [
        {
            "id": 2**53 + number,
            "name": None if number % 5 == 0 else f"{number} 😀 ø",
            "price": None if number % 7 == 0 else number / 4,
        }
        for number in range(ROWS)
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, name, price)")
        connection.executemany("INSERT INTO orders VALUES (:id, :name, :price)", rows)
    port = choose_port(None, service="Datasette")
    program = Path(sys.executable).with_name("datasette")
    with subprocess.Popen(
        [program, "serve", path, "--host", HOST, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(f"http://{HOST}:{port}/-/versions.json")
            yield Shop(f"http://{HOST}:{port}", rows)
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize("pagination", PAGED, ids=lambda each: type(each).__name__)
def test_a_server_that_others_wrote_is_read_to_its_end(
    shop: Shop, pagination: Pagination, caplog: pytest.LogCaptureFixture
) -> None:
    class Orders(REST):
        credentials_model = NoAuthentication
        limits = QUICK
        api = RestAPI("https://shop.example.com", pagination, "rows", COLUMNS)

    source = Orders(credentials={"base_url": shop.url})
    with caplog.at_level(logging.INFO):
        found = source.to_arrow(f"shop/orders.json?_shape=objects&_size={PAGE}")
    assert found.to_pylist() == shop.rows
    assert caplog.text.count("/shop/orders.json?") >= -(-ROWS // PAGE)
