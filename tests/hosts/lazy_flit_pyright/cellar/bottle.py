from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bottle:
    name: str
    year: int


def oldest(bottles: Iterable[Bottle]) -> Bottle:
    return min(bottles, key=lambda each: each.year)
