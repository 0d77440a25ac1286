"""Read from MariaDB."""

from acme.runtime.sql import mysql


class MariaDB(mysql.MariaDB):
    """A MariaDB database, in read-only sessions.

    Credentials: `host`, `port`, `database`, `user`, `password`, and `ssl_ca`, a file of
    certificates that encrypts the connection. Option: `query_timeout`, in seconds.
    """

    requires = ("pymysql", "acme[mariadb]")
