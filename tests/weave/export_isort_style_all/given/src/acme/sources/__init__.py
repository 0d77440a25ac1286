from .base import DEFAULT, Source, connect

__all__ = ["DEFAULT", "Source", "connect"]
