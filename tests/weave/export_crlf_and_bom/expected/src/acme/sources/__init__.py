"""Quellen für Ärzte."""

from .base import Source
from .postgresql import PostgreSQL

__all__ = ["PostgreSQL", "Source"]
