"""Sources."""

from importlib.util import find_spec

from .shop import Shop

__all__ = ["Shop"]

if find_spec("adlfs"):
    from .lake import Lake  # noqa: F401

    __all__.extend(["Lake"])
