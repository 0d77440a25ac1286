from .postgresql import (
    Mode,  # read or write
    connect,
)

__all__ = ["Mode", "connect"]
