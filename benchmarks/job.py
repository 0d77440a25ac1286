"""What a contender is given: a query, the database, and where the file goes."""

from dataclasses import dataclass
from typing import IO, Any

from adlfs import AzureBlobFileSystem
from sqlalchemy import URL


@dataclass(frozen=True)
class Job:
    """One extraction.

    Attributes:
        server: Host, port, user, password and database.
        query: What is read.
        table: The same as a table, for a tool that takes no query.
        path: A file of this machine, or `<container>/<file>` in the lake.
        lake: The storage account's connection string, or None for a local file.
    """

    server: dict[str, Any]
    query: str
    table: str
    path: str
    lake: str | None

    def url(self, driver: str) -> str:
        """The database's address. Holds the password."""
        server = self.server
        return URL.create(
            driver,
            username=server["user"],
            password=server["password"],
            host=server["host"],
            port=server["port"],
            database=server["database"],
        ).render_as_string(hide_password=False)

    @property
    def filesystem(self) -> AzureBlobFileSystem:
        """The lake, as fsspec knows it."""
        return AzureBlobFileSystem(connection_string=self.lake)

    def open(self) -> IO[bytes]:
        """Open the file for writing."""
        if self.lake is None:
            return open(self.path, "wb")  # noqa: PTH123 - the caller closes it
        file: IO[bytes] = self.filesystem.open(self.path, "wb")
        return file
