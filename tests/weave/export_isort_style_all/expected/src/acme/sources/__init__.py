from .base import DEFAULT, Source, connect
from .postgresql import PostgreSQL

__all__ = ["DEFAULT", "PostgreSQL", "Source", "connect"]
