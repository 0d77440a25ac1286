__all__ = [
    "A",
    "B",  # last
]
