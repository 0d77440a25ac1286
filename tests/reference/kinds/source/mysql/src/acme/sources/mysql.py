"""Read from MySQL."""

from acme.runtime.sql import mysql


class MySQL(mysql.MySQL):
    """A MySQL database, in read-only sessions.

    Credentials: `host`, `port`, `database`, `user`, `password`, and `ssl_ca`, a file of
    certificates that encrypts the connection. Option: `query_timeout`, in seconds.
    """

    requires = ("pymysql", "acme[mysql]")
