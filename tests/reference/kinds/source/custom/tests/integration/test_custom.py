from .live import custom


def test_the_source_returns_its_columns() -> None:
    source = custom.connect()
    table = source.to_arrow(custom.QUERY)
    assert table.num_rows
    assert table.schema == source.schema
