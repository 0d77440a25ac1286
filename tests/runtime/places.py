"""Destinations on real parts, each with a reader that shares no code with it."""

import contextlib
import io
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import boto3
import duckdb
import psycopg2
import pyarrow as pa
from pyarrow import fs, parquet
from runtime.destination import Destination
from runtime.files.adls import AzureDataLake
from runtime.files.destination import FileDestination
from runtime.files.local import LocalFolder
from runtime.files.s3 import S3
from runtime.tables.destination import TableDestination
from runtime.tables.duckdb import DuckDBTables
from runtime.tables.postgresql import PostgreSQLTables
from sourcewright.services import Azurite, PostgreSQL

from tests.object_store import HOST, KEY, object_store

CONTAINER = "connector-tests"
SCHEMA = "connector_tests"


class Place(ABC):
    """A destination, and how to see what it wrote."""

    destination: Destination
    replacing: ClassVar[dict[str, Any]]  # the option that replaces existing data

    @abstractmethod
    def fresh(self) -> str:
        """Return a target where nothing is."""

    @abstractmethod
    def read(self, target: str) -> pa.Table:
        """Return the rows at a target, or raise FileNotFoundError."""

    def rows(self, target: str) -> list[dict[str, Any]]:
        """Return the rows at a target, or raise FileNotFoundError."""
        found: list[dict[str, Any]] = self.read(target).to_pylist()
        return found


class Files(Place):
    """A destination of files, and the same files through pyarrow."""

    replacing: ClassVar[dict[str, Any]] = {"overwrite": True}

    def __init__(
        self,
        destination: FileDestination,
        files: fs.FileSystem,
        container: str,
        credentials: dict[str, Any],
        port: int = 0,
    ) -> None:
        self.destination: FileDestination = destination
        self.port = port
        self._files = files
        self._container = container
        self._credentials = credentials

    def through(self, port: int) -> dict[str, Any]:
        """Return the credentials with the port of a proxy."""
        own, other = f":{self.port}", f":{port}"
        return {
            key: text.replace(own, other) for key, text in self._credentials.items()
        }

    def fresh(self) -> str:
        return f"{self._container}{uuid.uuid4()}/file.parquet"

    def read(self, target: str) -> pa.Table:
        return parquet.read_table(io.BytesIO(self.content(target)))

    def content(self, path: str) -> bytes:
        """Return the bytes of a file, or raise FileNotFoundError."""
        with self._files.open_input_file(path) as file:
            content: bytes = file.read()
        return content

    def put(self, path: str, content: bytes) -> None:
        """Write the bytes of a file."""
        with self._files.open_output_stream(path) as file:
            file.write(content)

    def beside(self, path: str) -> set[str]:
        """Return the paths of all files in a file's folder."""
        selector = fs.FileSelector(path.rpartition("/")[0], allow_not_found=True)
        return {info.path for info in self._files.get_file_info(selector)}


class Tables(Place):
    """A destination of tables, and the same tables through the database's driver."""

    replacing: ClassVar[dict[str, Any]] = {"mode": "replace"}
    destination: TableDestination

    def fresh(self) -> str:
        return f"{SCHEMA}.t_{uuid.uuid4().hex}"

    def read(self, target: str) -> pa.Table:
        rows, names = self.execute(f"SELECT * FROM {target} ORDER BY 1")
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        return pa.table(dict(zip(names, map(list, columns), strict=True)))

    @abstractmethod
    def execute(self, statement: str) -> tuple[list[Any], list[str]]:
        """Execute a statement, and return its rows and the names of its columns.

        Raises FileNotFoundError if there is no such table.
        """


class Warehouse(Tables):
    """A PostgreSQL database."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self.credentials: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "database": server.database,
            "user": server.user,
            "password": server.password,
        }
        self.destination = PostgreSQLTables(credentials=self.credentials)
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")

    def execute(self, statement: str) -> tuple[list[Any], list[str]]:
        connection = psycopg2.connect(self._server.url.replace("+psycopg2", ""))
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except psycopg2.errors.UndefinedTable as err:
                raise FileNotFoundError(statement) from err
            names = [column.name for column in cursor.description or []]
            return cursor.fetchall() if names else [], names


class DatabaseFile(Tables):
    """A DuckDB database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.destination = DuckDBTables(credentials={"path": path})

    def execute(self, statement: str) -> tuple[list[Any], list[str]]:
        with duckdb.connect(self.path) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            try:
                connection.execute(statement)
            except duckdb.CatalogException as err:
                raise FileNotFoundError(statement) from err
            names = [name for name, *_ in connection.description or []]
            return connection.fetchall(), names


def lake(azurite: Azurite) -> Files:
    """Return a container of Azurite."""
    azurite.create_container(CONTAINER)
    credentials = {"connection_string": azurite.connection_string}
    destination = AzureDataLake(credentials=credentials)
    files = azurite.filesystem
    return Files(destination, files, f"{CONTAINER}/", credentials, azurite.port)


@contextlib.contextmanager
def store() -> Iterator[Files]:
    """Start an object store, and yield a bucket of it."""
    with object_store() as port:
        endpoint = f"http://{HOST}:{port}"
        credentials = {**KEY, "endpoint_url": endpoint}
        destination = S3(credentials=credentials)
        boto3.client(
            "s3",
            aws_access_key_id=KEY["access_key_id"],
            aws_secret_access_key=KEY["secret_access_key"],
            region_name=KEY["region"],
            endpoint_url=endpoint,
        ).create_bucket(Bucket=CONTAINER)
        files = fs.S3FileSystem(
            access_key=KEY["access_key_id"],
            secret_key=KEY["secret_access_key"],
            region=KEY["region"],
            endpoint_override=endpoint,
        )
        yield Files(destination, files, f"{CONTAINER}/", credentials, port)


def folder(path: Path) -> Files:
    """Return a folder."""
    files = fs.SubTreeFileSystem(str(path), fs.LocalFileSystem())
    credentials = {"root": str(path)}
    return Files(LocalFolder(credentials=credentials), files, "", credentials)


def folder_that(
    meanwhile: Callable[[], None], root: Path, after: int = 1
) -> LocalFolder:
    """Return a folder that does something once it has taken so many batches."""

    class Meanwhile(LocalFolder):
        def from_batches(self, batches: Any, *path: Any, **options: Any) -> Any:
            def until_and_after() -> Iterator[pa.RecordBatch]:
                for _ in range(after):
                    yield next(batches)
                meanwhile()
                yield from batches

            return super().from_batches(until_and_after(), *path, **options)

    return Meanwhile(credentials={"root": root})
