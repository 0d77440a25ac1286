"""Costs."""

from tariff_meter import Tariff, cost_of


def test_a_standing_charge_is_due_without_units() -> None:
    """It is due."""
    assert cost_of(0, Tariff(0.25, standing_charge=4)) == 4
