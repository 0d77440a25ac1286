from .base import Source

__all__ = ["Source", "Zendesk"]


def __getattr__(name):
    if name == "Zendesk":
        from .zendesk import Zendesk

        return Zendesk
    raise AttributeError(name)
