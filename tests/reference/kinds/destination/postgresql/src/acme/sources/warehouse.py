"""Write to PostgreSQL."""

from acme.runtime.tables import postgresql


class Warehouse(postgresql.PostgreSQLTables):
    """A PostgreSQL database, written to by COPY, in one transaction a load.

    Credentials: `host`, `port`, `database`, `user`, `password`, `sslmode` and
    `sslrootcert`. PostgreSQL 14 or newer.
    """

    requires = ("psycopg2", "acme[warehouse]")
