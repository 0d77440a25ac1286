"""Sources."""

from .base import Source

__all__ = ["Source"]
