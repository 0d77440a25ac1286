"""Read from PostgreSQL."""

from acme.runtime.sql import postgresql


class PostgreSQL(postgresql.PostgreSQL):
    """A PostgreSQL database, read by COPY, in read-only sessions.

    Credentials: `host`, `port`, `database`, `user`, `password`, `sslmode` and
    `sslrootcert`. Option: `query_timeout`, in seconds. Override `engine_options` to change
    the session.
    """

    requires = ("psycopg2", "acme[postgresql]")
