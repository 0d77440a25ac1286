"""Stars by name."""

from .catalogue import Star, brightest

__all__ = ["brightest", "Star"]
