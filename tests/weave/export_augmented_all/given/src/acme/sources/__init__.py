from .base import *
from .base import __all__ as base_all

__all__ = [*base_all]
__all__ += ["Extra"]
