from . import base

__all__ = base.__all__ + ["Extra"]
