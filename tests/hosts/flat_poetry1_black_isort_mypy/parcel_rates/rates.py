from __future__ import annotations

from typing import Iterable, Mapping


def rate_for(
    weight_in_grams: int, rates: Mapping[int, float], surcharges: Iterable[float] = ()
) -> float:
    """Return the rate of the lightest class that takes the weight."""
    fitting = [limit for limit in sorted(rates) if weight_in_grams <= limit]
    return rates[fitting[0]] + sum(surcharges)
