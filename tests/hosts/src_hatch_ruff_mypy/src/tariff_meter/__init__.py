"""What a meter's readings cost."""

from tariff_meter.cost import Tariff, cost_of

__all__ = ["Tariff", "cost_of"]
