from .live import rest


def test_the_api_returns_the_declared_columns() -> None:
    source = rest.connect()
    table = source.to_arrow(rest.QUERY)
    assert table.num_rows
    assert table.column_names[: len(source.api.columns)] == list(source.api.columns)
