"""The base classes of sources and destinations."""

from acme.runtime.destination import Destination
from acme.runtime.source import Source

__all__ = ["Destination", "Source"]
