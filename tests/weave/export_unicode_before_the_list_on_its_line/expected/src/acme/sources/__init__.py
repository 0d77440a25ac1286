from .base import Größe
from .postgresql import PostgreSQL

Ä = "日本"
__all__ = ["Größe", "PostgreSQL"]
