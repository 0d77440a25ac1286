"""Sources."""

from .base import Source
from .postgresql import PostgreSQL
from .zendesk import Zendesk

__all__ = ["PostgreSQL", "Source", "Zendesk"]
