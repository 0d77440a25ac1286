"""Write to DuckDB."""

from acme.runtime.tables import duckdb


class DuckDBTables(duckdb.DuckDBTables):
    """A DuckDB database: a file, which is created if it doesn't exist.

    Credentials: `path`, and `memory_limit` of the engine. Only the end of a load locks the
    file.
    """

    requires = ("duckdb", "acme[duckdb]")
