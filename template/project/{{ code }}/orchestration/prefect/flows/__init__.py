"""Flows: one from each source to each of its destinations."""

__all__: list[str] = []
