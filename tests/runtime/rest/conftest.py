"""A server of the test."""

from collections.abc import Iterator

import pytest

from tests.runtime.rest.http_server import HttpServer, Reply
from tests.runtime.rest.orders import TWO


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer(lambda _request: Reply(TWO)) as server:
        yield server
