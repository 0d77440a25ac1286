"""Costs by tariff."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Tariff:
    """A price for each unit, and one that is always due."""

    unit_price: float
    standing_charge: float = 0.0


def cost_of(units: float, tariff: Tariff) -> float:
    """Return what the units cost, in the tariff's currency and with its standing charge."""
    return units * tariff.unit_price + tariff.standing_charge


def main() -> None:
    """Print what the units of the first argument cost by a fixed tariff."""
    sys.stdout.write(f"{cost_of(float(sys.argv[1]), Tariff(0.25)):.2f}\n")
