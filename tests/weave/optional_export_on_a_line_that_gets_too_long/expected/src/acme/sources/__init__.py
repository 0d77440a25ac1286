"""Sources."""

from importlib.util import find_spec

from .shop import Shop

__all__ = ["Shop"]

if find_spec("adlfs"):
    from .lake import Lake  # noqa: F401

    __all__.extend(["Lake"])

if find_spec("psycopg2"):
    from .a_source_with_a_name_that_is_rather_long import (
        ASourceWithANameThatIsRatherLong,  # noqa: F401
    )

    __all__.extend(["ASourceWithANameThatIsRatherLong"])
