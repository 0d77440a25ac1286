from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api0",
        extra="api-0",
    )

from acme.orchestration.prefect.tasks import api_0_to_df
from acme.sources import Api0
from ..rest_server import RestServer, quick
from .extra import ExtraContract
from .orchestration import TaskContract
from .rest import LiveRestContract
from .source import SourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = quick(Api0)
    monkeypatch.setattr(Api0, "limits", limits)


class TestApi0(SourceContract):
    source = Api0
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestApi0OnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Api0, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Api0:
        return Api0(credentials=server.credentials)


class TestApi0Extra(ExtraContract):
    connector = Api0
    needs = "httpx"
    extra = "api-0"


class TestApi0Task(TaskContract):
    task = api_0_to_df
    arguments = {"resource": "orders?status=open"}
