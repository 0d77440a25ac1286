from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api3",
        extra="api-3",
    )

from acme.orchestration.prefect.tasks import api_3_to_df
from acme.sources import Api3
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
    limits = quick(Api3)
    monkeypatch.setattr(Api3, "limits", limits)


class TestApi3(SourceContract):
    source = Api3
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestApi3OnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Api3, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Api3:
        return Api3(credentials=server.credentials)


class TestApi3Extra(ExtraContract):
    connector = Api3
    needs = "httpx"
    extra = "api-3"


class TestApi3Task(TaskContract):
    task = api_3_to_df
    arguments = {"resource": "orders?status=open"}
