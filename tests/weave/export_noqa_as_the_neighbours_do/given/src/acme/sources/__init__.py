from .base import Source  # noqa: F401

X = 1
