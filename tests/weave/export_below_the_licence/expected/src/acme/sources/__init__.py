# The licence.
# All of it.

from .postgresql import PostgreSQL  # noqa: F401
