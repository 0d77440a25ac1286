from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Rest",
        extra="rest",
    )

from acme.orchestration.prefect.tasks import rest_to_df
from acme.sources import Rest
from ..rest_server import RestServer, quick
from .extra import ExtraContract
from .orchestration import TaskContract
from .rest import LiveRestContract
from .source import SourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
    "token": SECRET,
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = quick(Rest)
    monkeypatch.setattr(Rest, "limits", limits)


class TestRest(SourceContract):
    source = Rest
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestRestOnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Rest, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Rest:
        return Rest(credentials=server.credentials)


class TestRestExtra(ExtraContract):
    connector = Rest
    needs = "httpx"
    extra = "rest"


class TestRestTask(TaskContract):
    task = rest_to_df
    arguments = {"resource": "orders?status=open"}
