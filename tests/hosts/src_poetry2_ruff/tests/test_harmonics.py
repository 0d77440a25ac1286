from datetime import datetime

from tides import high_waters


def test_two_tides_are_half_a_day_apart():
  first, second = high_waters(datetime(2026, 1, 1), 2)
  assert (second - first).total_seconds() == 44_700
