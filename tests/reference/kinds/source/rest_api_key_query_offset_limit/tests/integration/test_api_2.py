from .live import api_2


def test_the_api_returns_the_declared_columns() -> None:
    source = api_2.connect()
    table = source.to_arrow(api_2.QUERY)
    assert table.num_rows
    assert table.column_names[: len(source.api.columns)] == list(source.api.columns)
