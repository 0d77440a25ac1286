import pytest

from acme.orchestration.prefect.tasks import custom_to_df
from acme.sources import Custom
from .orchestration import TaskContract
from .source import LiveSourceContract, OfflineSourceContract

SECRET = "a-canary-in-the-mine"
CREDENTIALS = {"token": SECRET}


class TestCustom(OfflineSourceContract):
    source = Custom
    secret = SECRET
    credentials = CREDENTIALS


class TestCustomRows(LiveSourceContract):
    rows_query = "3"
    many_query = "1000"
    empty_query = "0"
    rejected_query = "a few"

    @pytest.fixture
    def live_source(self) -> Custom:
        return Custom(credentials=CREDENTIALS)


class TestCustomTask(TaskContract):
    task = custom_to_df
    arguments = {"query": "3"}
