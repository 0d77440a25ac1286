from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api1",
        extra="api-1",
    )

from acme.orchestration.prefect.tasks import api_1_to_df
from acme.sources import Api1
from ..rest_server import RestServer, quick
from .extra import ExtraContract
from .orchestration import TaskContract
from .rest import LiveRestContract
from .source import SourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
    "header": "X-API-Key",
    "key": SECRET,
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = quick(Api1)
    monkeypatch.setattr(Api1, "limits", limits)


class TestApi1(SourceContract):
    source = Api1
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestApi1OnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Api1, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Api1:
        return Api1(credentials=server.credentials)


class TestApi1Extra(ExtraContract):
    connector = Api1
    needs = "httpx"
    extra = "api-1"


class TestApi1Task(TaskContract):
    task = api_1_to_df
    arguments = {"resource": "orders?status=open"}
