from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api4",
        extra="api-4",
    )

from acme.orchestration.prefect.tasks import api_4_to_df
from acme.sources import Api4
from ..rest_server import RestServer, quick
from .extra import ExtraContract
from .orchestration import TaskContract
from .rest import LiveRestContract
from .source import SourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
    "user": "reader",
    "password": SECRET,
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = quick(Api4)
    monkeypatch.setattr(Api4, "limits", limits)


class TestApi4(SourceContract):
    source = Api4
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestApi4OnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Api4, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Api4:
        return Api4(credentials=server.credentials)


class TestApi4Extra(ExtraContract):
    connector = Api4
    needs = "httpx"
    extra = "api-4"


class TestApi4Task(TaskContract):
    task = api_4_to_df
    arguments = {"resource": "orders?status=open"}
