"""Sources and destinations, by name."""

__all__: list[str] = []
