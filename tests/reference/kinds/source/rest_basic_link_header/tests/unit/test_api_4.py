from urllib.parse import urlsplit

import pytest

from acme.runtime.rest import records, settings
from acme.sources import Api4
from ..contracts.connector import ExtraContract, ServerContract


class TestApi4(ExtraContract, ServerContract):
    connector = Api4
    secret = "a-canary-in-the-mine"
    credentials = {
        "base_url": "http://127.0.0.1:1",
        "user": "reader",
        "password": secret,
    }
    query = "orders?status=open"

    @pytest.fixture(autouse=True)
    def _once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.connector, "limits", settings.Limits(attempts=1))


def test_each_declared_type_has_an_arrow_type() -> None:
    for name, kind in Api4.api.columns.items():
        assert records.type_of(kind), name


def test_the_address_has_no_secret_and_no_parameter() -> None:
    address = urlsplit(Api4.api.base_url)
    assert address.scheme in {"http", "https"}
    assert address.hostname
    assert not any([address.username, address.query, address.fragment])
