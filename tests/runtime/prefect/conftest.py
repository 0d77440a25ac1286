"""Prefect in this process, with the server that all tests share."""

from collections.abc import Iterator

import pytest
from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_LOGGING_TO_API_ENABLED,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)
from sourcewright.services import PrefectServer


@pytest.fixture(scope="module")
def prefect(prefect_server: PrefectServer) -> Iterator[None]:
    """Let flows of this process run on the server."""
    with temporary_settings(
        {
            PREFECT_API_URL: prefect_server.api_url,
            PREFECT_HOME: prefect_server.home,
            PREFECT_LOGGING_TO_API_ENABLED: False,
            PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
        }
    ):
        yield
        EventsWorker.drain_all()  # while there is still a server to send them to
