"""Read from any database of SQLAlchemy."""

from acme.runtime.sql import generic


class GenericSQL(generic.GenericSQL):
    """A database of any dialect of SQLAlchemy, or of a package that adds one.

    Credentials: `drivername`, `host`, `port`, `database`, `user`, `password` and `query`.
    Option: `query_timeout`, in seconds, checked between batches. Install the driver beside
    this package. Nothing makes the session read-only, so use an account that may only read.
    """
