"""Read from Microsoft SQL Server."""

from acme.runtime.sql import mssql


class MSSQL(mssql.MSSQL):
    """A Microsoft SQL Server database, read by Microsoft's own driver.

    Credentials: `host`, `port`, `database`, `user`, `password`, `encrypt` and
    `trust_certificate`. Option: `query_timeout`, in seconds. Nothing makes the session
    read-only, so use an account that may only read.
    """

    requires = ("mssql_python", "acme[mssql]")
