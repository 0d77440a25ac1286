"""Quellen für Ärzte."""

from .base import Source

__all__ = ["Source"]
