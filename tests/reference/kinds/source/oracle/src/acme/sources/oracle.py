"""Read from Oracle Database."""

from acme.runtime.sql import oracle


class Oracle(oracle.Oracle):
    """An Oracle Database, read without Oracle's client, in read-only transactions.

    Credentials: `host`, `port`, `service_name`, `user`, `password` and `protocol`. Option:
    `query_timeout`, in seconds. Oracle Database stores an empty text as NULL.
    """

    requires = ("oracledb", "acme[oracle]")
