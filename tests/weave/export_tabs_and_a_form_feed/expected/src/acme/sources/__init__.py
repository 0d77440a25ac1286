from .a import A
from .postgresql import PostgreSQL

__all__ = [
    "A",
    "PostgreSQL",
]
