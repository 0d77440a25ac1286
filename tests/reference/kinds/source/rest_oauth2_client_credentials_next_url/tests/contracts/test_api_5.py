from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api5",
        extra="api-5",
    )

from acme.orchestration.prefect.tasks import api_5_to_df
from acme.sources import Api5
from ..rest_server import RestServer, quick
from .extra import ExtraContract
from .orchestration import TaskContract
from .rest import LiveRestContract
from .source import SourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
    "token_url": "https://login.example.com/token",
    "client_id": "pipelines",
    "client_secret": SECRET,
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = quick(Api5)
    monkeypatch.setattr(Api5, "limits", limits)


class TestApi5(SourceContract):
    source = Api5
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestApi5OnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Api5, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Api5:
        return Api5(credentials=server.credentials)


class TestApi5Extra(ExtraContract):
    connector = Api5
    needs = "httpx"
    extra = "api-5"


class TestApi5Task(TaskContract):
    task = api_5_to_df
    arguments = {"resource": "orders?status=open"}
