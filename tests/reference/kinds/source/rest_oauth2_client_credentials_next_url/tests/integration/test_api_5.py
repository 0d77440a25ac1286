from .live import api_5


def test_the_api_returns_the_declared_columns() -> None:
    source = api_5.connect()
    table = source.to_arrow(api_5.QUERY)
    assert table.num_rows
    assert table.column_names[: len(source.api.columns)] == list(source.api.columns)
