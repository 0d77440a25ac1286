from . import base
from .postgresql import PostgreSQL

__all__ = base.__all__ + ["Extra", "PostgreSQL"]
