"""Flows: one from each source to each of its destinations."""

from .postgresql_to_adls import postgresql_to_adls
from .postgresql_to_adls_in_batches import postgresql_to_adls_in_batches

__all__: list[str] = ["postgresql_to_adls", "postgresql_to_adls_in_batches"]
