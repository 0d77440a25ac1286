"""Flows: one from each source to each of its destinations."""

from .postgresql_to_adls import postgresql_to_adls

__all__: list[str] = ["postgresql_to_adls"]
