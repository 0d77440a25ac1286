from .base import Source  # noqa: F401
from .postgresql import PostgreSQL  # noqa: F401

X = 1
