from .postgresql import (
    Mode,  # read or write
    PostgreSQL,
    connect,
)

__all__ = ["Mode", "PostgreSQL", "connect"]
