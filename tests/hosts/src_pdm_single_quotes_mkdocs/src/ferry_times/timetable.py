"""When the ferry goes."""


def departures(first: int, last: int, every: int = 30) -> list[int]:
    """Return the minutes of the day at which the ferry goes."""
    return list(range(first, last + 1, every))
