from .base import Source  # the root
from .postgresql import PostgreSQL
from .zendesk import Zendesk

__all__ = [
    "PostgreSQL",
    "Source",  # first
    # the rest
    "Zendesk",
]  # end
