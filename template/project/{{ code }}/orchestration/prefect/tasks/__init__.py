"""Tasks: one thin wrapper over each source and each destination."""

__all__: list[str] = []
