from importlib.util import find_spec

from .base import Source

__all__ = ("Source",)

if find_spec("psycopg2"):
    from .postgresql import PostgreSQL  # noqa: F401

    __all__ += ("PostgreSQL",)
