"""Read from SQLite."""

from acme.runtime.sql import sqlite


class SQLite(sqlite.SQLite):
    """A SQLite database: a file, opened read-only.

    Credentials: `path`. Option: `query_timeout`, in seconds. Dates and times arrive as the
    stored texts.
    """
