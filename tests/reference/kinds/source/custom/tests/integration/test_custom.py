from acme.sources import Custom
from .live import custom as live
from .live import skip_without


def test_the_source_gives_its_columns() -> None:
    skip_without(live.CONFIG_KEY)
    source = Custom(config_key=live.CONFIG_KEY)
    table = source.to_arrow(live.QUERY)
    assert table.num_rows
    assert table.schema == source.schema
