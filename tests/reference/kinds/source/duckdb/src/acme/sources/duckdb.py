"""Read from DuckDB."""

from acme.runtime.sql import duckdb


class DuckDB(duckdb.DuckDB):
    """A DuckDB database: a file, opened read-only.

    Credentials: `path`. Option: `query_timeout`, in seconds.
    """

    requires = ("duckdb", "acme[duckdb]")
