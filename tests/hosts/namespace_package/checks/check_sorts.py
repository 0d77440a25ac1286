from orchard.apples.sorts import Sort


def test_one_is_sour() -> None:
    assert [each for each in Sort if each.is_sour] == [Sort.BOSKOOP]
