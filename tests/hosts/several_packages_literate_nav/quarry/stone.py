from dataclasses import dataclass


@dataclass(frozen=True)
class Stone:
    kind: str
    tons: float
