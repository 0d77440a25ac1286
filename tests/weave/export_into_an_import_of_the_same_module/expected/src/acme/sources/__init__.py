from .postgresql import Mode, PostgreSQL, connect

__all__ = ["Mode", "PostgreSQL", "connect"]
