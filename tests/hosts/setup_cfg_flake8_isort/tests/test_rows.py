from decimal import Decimal

from ledger_print import Row, total


def test_no_rows_come_to_nothing():
    assert total([]) == 0
    assert total([Row("tea", Decimal("1.10"))]) == Decimal("1.10")
