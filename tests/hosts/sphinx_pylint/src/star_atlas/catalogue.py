"""The catalogue."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Star:
    """A star, and how bright it looks: the lower, the brighter."""

    name: str
    magnitude: float


def brightest(stars):
    return min(stars, key=lambda star: star.magnitude)
