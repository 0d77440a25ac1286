from .postgresql import PostgreSQL

__all__ = [
    "A",
    "B",  # last
    "PostgreSQL",
]
