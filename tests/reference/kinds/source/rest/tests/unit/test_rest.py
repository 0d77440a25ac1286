from importlib.util import find_spec
from urllib.parse import urlsplit

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Rest",
        extra="rest",
    )

from acme.json_records import type_of
from acme.sources import Rest


def test_each_declared_type_has_an_arrow_type() -> None:
    for name, kind in Rest.api.columns.items():
        assert type_of(kind), name


def test_the_address_holds_no_secret_and_no_parameter() -> None:
    address = urlsplit(Rest.api.base_url)
    assert address.scheme in {"http", "https"}
    assert address.hostname
    assert not any([address.username, address.query, address.fragment])
