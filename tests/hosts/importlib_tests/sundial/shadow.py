import math

__all__ = ["length"]


def length(height: float, elevation_in_degrees: float, *, is_the_ground_level_and_free_of_grass: bool = True) -> float:
    assert is_the_ground_level_and_free_of_grass
    return height / math.tan(math.radians(elevation_in_degrees))
