"""Sources."""

from .base import Source
from .zendesk import Zendesk

__all__ = ["Source", "Zendesk"]
