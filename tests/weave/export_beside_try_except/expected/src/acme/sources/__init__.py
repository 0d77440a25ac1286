import os

from .postgresql import PostgreSQL

try:
    from .zendesk import Zendesk
except ImportError:
    Zendesk = None

__all__ = ["PostgreSQL", "Zendesk"]
