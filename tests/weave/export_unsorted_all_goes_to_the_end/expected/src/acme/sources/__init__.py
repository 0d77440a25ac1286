from .zendesk import Zendesk
from .base import Source
from .postgresql import PostgreSQL

__all__ = ["Zendesk", "Source", "PostgreSQL"]
