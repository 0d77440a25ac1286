import os

try:
    from .zendesk import Zendesk
except ImportError:
    Zendesk = None

__all__ = ["Zendesk"]
