from .postgresql import Mode, connect

__all__ = ["Mode", "connect"]
