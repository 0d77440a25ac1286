from acme.sources import Custom


def test_each_row_has_every_column() -> None:
    source = Custom(credentials={})
    rows = list(source.rows("3"))
    assert rows
    assert all(list(row) == source.schema.names for row in rows)
