from .base import Source  # the root
from .zendesk import Zendesk

__all__ = [
    "Source",  # first
    # the rest
    "Zendesk",
]  # end
