from .base import Source
from .postgresql import PostgreSQL

__all__ = ["PostgreSQL", "Source", "Zendesk"]


def __getattr__(name):
    if name == "Zendesk":
        from .zendesk import Zendesk

        return Zendesk
    raise AttributeError(name)
