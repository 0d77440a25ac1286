import pytest

from acme.sources import Custom
from ..contracts.connector import ConnectorContract
from ..contracts.source import LiveSourceContract


class TestCustom(ConnectorContract):
    connector = Custom
    secret = "a-canary-in-the-mine"
    credentials = {"token": secret}


class TestCustomRows(LiveSourceContract):
    few = "3"
    many = "1000"
    none = "0"
    rejected = "a few"

    @pytest.fixture
    def source(self) -> Custom:
        return Custom(credentials={})
