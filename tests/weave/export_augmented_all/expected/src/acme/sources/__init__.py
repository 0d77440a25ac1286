from .base import *
from .base import __all__ as base_all
from .postgresql import PostgreSQL

__all__ = [*base_all, "PostgreSQL"]
__all__ += ["Extra"]
