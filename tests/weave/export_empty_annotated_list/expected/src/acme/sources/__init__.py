from .postgresql import PostgreSQL

__all__: list[str] = ["PostgreSQL"]
