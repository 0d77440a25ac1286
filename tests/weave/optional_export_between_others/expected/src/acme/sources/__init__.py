from importlib.util import find_spec

from .base import Source

__all__ = ["Source"]

if find_spec("adlfs"):
    from .azure import Azure  # noqa: F401

    __all__.extend(["Azure"])

if find_spec("psycopg2"):
    from .postgresql import PostgreSQL  # noqa: F401

    __all__.extend(["PostgreSQL"])

if find_spec("tm1py"):
    from .tm1 import TM1  # noqa: F401

    __all__.extend(["TM1"])
