from .zendesk import Zendesk
from .base import Source

__all__ = ["Zendesk", "Source"]
