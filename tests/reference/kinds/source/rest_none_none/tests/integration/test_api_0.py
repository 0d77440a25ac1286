from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("httpx") is None:
    skip_test_on_missing_extra(
        "Api0",
        extra="api-0",
    )

from acme.sources import Api0
from .live import api_0 as live
from .live import skip_without


def test_the_api_gives_the_declared_columns() -> None:
    skip_without(live.CONFIG_KEY)
    source = Api0(config_key=live.CONFIG_KEY)
    table = source.to_arrow(live.QUERY)
    assert table.num_rows
    assert table.column_names[: len(source.api.columns)] == list(source.api.columns)
