"""Sources."""

from .postgresql import PostgreSQL  # noqa: F401
