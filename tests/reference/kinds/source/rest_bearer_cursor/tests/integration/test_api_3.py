from .live import api_3


def test_the_api_returns_the_declared_columns() -> None:
    source = api_3.connect()
    table = source.to_arrow(api_3.QUERY)
    assert table.num_rows
    assert table.column_names[: len(source.api.columns)] == list(source.api.columns)
