from importlib.util import find_spec

from .base import Source

__all__ = ("Source",)
