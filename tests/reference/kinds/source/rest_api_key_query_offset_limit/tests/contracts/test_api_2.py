from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api2",
        extra="api-2",
    )

from acme.orchestration.prefect.tasks import api_2_to_df
from acme.sources import Api2
from ..rest_server import RestServer, quick
from .extra import ExtraContract
from .orchestration import TaskContract
from .rest import LiveRestContract
from .source import SourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS: dict[str, Any] = {
    "base_url": "http://127.0.0.1:1",
    "parameter": "api_key",
    "key": SECRET,
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = quick(Api2)
    monkeypatch.setattr(Api2, "limits", limits)


class TestApi2(SourceContract):
    source = Api2
    secret = SECRET
    unreachable = CREDENTIALS
    query = "orders?status=open"


class TestApi2OnAServer(LiveRestContract):
    secret = SECRET

    @pytest.fixture
    def server(self) -> Iterator[RestServer]:
        with RestServer(Api2, CREDENTIALS) as server:
            yield server

    @pytest.fixture
    def live_source(
        self,
        server: RestServer,
    ) -> Api2:
        return Api2(credentials=server.credentials)


class TestApi2Extra(ExtraContract):
    connector = Api2
    needs = "httpx"
    extra = "api-2"


class TestApi2Task(TaskContract):
    task = api_2_to_df
    arguments = {"resource": "orders?status=open"}
