"""Where loads are stopped: each destination, and what a reader finds there."""

import re
import time
import uuid
from abc import ABC, abstractmethod
from hashlib import md5
from pathlib import Path
from typing import Any, ClassVar, Literal

from runtime.files.s3 import S3

from tests.proxy import Proxy, Request
from tests.runtime.places import DatabaseFile, Files, Tables, Warehouse
from tests.runtime.stopped_loads.loads import ROWS, Load, Sent, Way
from tests.runtime.stopped_loads.message_proxy import MessageProxy

Shown = Literal["nothing", "old", "new"]
FORMER_CONTENT = b"the former file, whatever is in it"
FILE_LOADS = [
    Load(
        f"verify={verify}",
        {"verify": verify, "overwrite": former, "load_id": "monday"},
        former=former,
    )
    for verify in ("none", "bytes", "full")
    for former in (False, True)
]

Rows = list[tuple[int, str]]
FORMER: Rows = [(0, "old"), (1, "old")]
LOADED: Rows = [
    (i, md5(f"{i}".encode(), usedforsecurity=False).hexdigest())
    for i in range(1, ROWS + 1)
]
# By mode: the rows that are expected in the end.
EXPECTED: dict[str, Rows] = {
    "fail": LOADED,
    "replace": LOADED,
    "append": sorted(FORMER + LOADED),
    "upsert": FORMER[:1] + LOADED,
}
TABLE_LOADS = [
    Load(
        f"mode={mode}",
        {
            "mode": mode,
            "verify": "full" if mode in {"replace", "upsert"} else "bytes",
            "load_id": "monday",
            **({"key": ["i"]} if mode == "upsert" else {}),
        },
        former=mode != "fail",
    )
    for mode in EXPECTED
]


class Stage(ABC):
    """A destination that loads are stopped in."""

    name: ClassVar[str]
    port: int = 0
    class_path: ClassVar[tuple[str, str]]
    loads: ClassVar[list[Load]]
    ways: ClassVar[tuple[Way, ...]] = (
        *("kill before", "kill after", "break off", "lose the answer"),
    )
    hidden = re.compile("(?!)")  # the name of what a stopped load may leave

    @abstractmethod
    def prepare(self, load: Load) -> str:
        """Return a target with the former rows, or with nothing."""

    @abstractmethod
    def shown(self, load: Load, target: str) -> Shown:
        """Return what a reader finds; anything but one of the states is an error."""

    @abstractmethod
    def order(self, target: str, port: int) -> tuple[dict[str, Any], str]:
        """Return the credentials, by way of a proxy's port, and the target's name."""

    def proxy(self) -> Any:
        """Return a proxy to the destination's port."""
        raise NotImplementedError

    def shows(self, sent: Sent) -> bool:
        """Return whether a request makes the new rows visible."""
        return sent.is_commit

    def is_late(self, sent: Any) -> bool:
        """Return whether a request comes after the one that makes them visible."""
        return False

    def left(self, target: str) -> set[str]:
        """Return the names beside the target."""
        return set()

    def unfinished(self, target: str) -> int:
        """Return the number of uploads that were neither committed nor aborted."""
        return 0


class FileStage(Stage):
    """A destination of files."""

    loads = FILE_LOADS
    ways: ClassVar[tuple[Way, ...]] = (*Stage.ways, "refuse")
    hidden = re.compile(r"_file\.parquet\.[0-9a-f]{32}\.partial")

    def __init__(self, place: Files) -> None:
        self.place, self.port = place, place.port

    def prepare(self, load: Load) -> str:
        path = self.place.fresh()
        if load.former:
            self.place.put(path, FORMER_CONTENT)
        return path

    def shown(self, load: Load, target: str) -> Shown:
        try:
            content = self.place.content(target)
        except FileNotFoundError:
            return "nothing"
        if content == FORMER_CONTENT:
            return "old"
        table = self.place.read(target)
        assert table.column("i").to_pylist() == [i for i, _ in LOADED]
        return "new"

    def order(self, target: str, port: int) -> tuple[dict[str, Any], str]:
        return self.place.through(port), target

    def proxy(self) -> Proxy:
        return Proxy(self.port)

    def shows(self, sent: Sent) -> bool:
        assert isinstance(sent, Request)
        one_part = sent.method == "PUT" and not sent.query
        several = sent.method == "POST" and "uploadId" in sent.query
        return (sent.is_commit or one_part or several) and "/_" not in sent.path

    def left(self, target: str) -> set[str]:
        beside = self.place.beside(target) - {target}
        return {path.rpartition("/")[2] for path in beside}


class Lake(FileStage):
    name = "adls"
    class_path = ("runtime.files.adls", "AzureDataLake")


class Store(FileStage):
    name = "s3"
    class_path = ("runtime.files.s3", "S3")

    def unfinished(self, target: str) -> int:
        assert isinstance(self.place.destination, S3)
        bucket, _, key = target.partition("/")
        client = self.place.destination.client
        found = client.list_multipart_uploads(Bucket=bucket)
        folder = key.rpartition("/")[0]
        return sum(each["Key"].startswith(folder) for each in found.get("Uploads", ()))


class Folder(FileStage):
    name = "local"
    class_path = ("runtime.files.local", "LocalFolder")
    hidden = re.compile(r"\.file\.parquet\.[0-9a-f]{16}\.partial")

    def prepare(self, load: Load) -> str:
        path = self.place.fresh()
        root = Path(self.place.through(0)["root"])
        (root / path).parent.mkdir()
        if load.former:
            self.place.put(path, FORMER_CONTENT)
        return path


class TableStage(Stage):
    """A destination of tables, of which each load has one in a place of its own."""

    loads = TABLE_LOADS
    text: ClassVar[str]

    def fill(self, load: Load, place: Tables, table: str) -> None:
        """Make a table with the former rows if the load wants some."""
        if load.former:
            key = " PRIMARY KEY" if "key" in load.options else ""
            place.execute(f"CREATE TABLE {table} (i integer{key}, text {self.text})")
            place.execute(f"INSERT INTO {table} VALUES (0, 'old'), (1, 'old')")

    def shown_in(self, load: Load, place: Tables, table: str) -> Shown:
        """Return which state the rows of a table are."""
        try:
            rows, _ = place.execute(f"SELECT i, text FROM {table}")
        except FileNotFoundError:
            assert not load.former
            return "nothing"
        if load.former and sorted(rows) == FORMER:
            return "old"
        assert sorted(rows) == EXPECTED[load.options["mode"]]
        return "new"


class Server(TableStage):
    """Each load has a schema of its own, where no load has been before."""

    name = "postgresql"
    class_path = ("runtime.tables.postgresql", "PostgreSQLTables")
    text = "text"

    def __init__(self, place: Warehouse) -> None:
        self.place, self.port = place, place.credentials["port"]

    def prepare(self, load: Load) -> str:
        schema = f"s_{uuid.uuid4().hex}"
        self.place.execute(f"CREATE SCHEMA {schema}")
        self.fill(load, self.place, f"{schema}.example")
        return f"{schema}.example"

    def shown(self, load: Load, target: str) -> Shown:
        self._wait_for_the_end()
        return self.shown_in(load, self.place, target)

    def order(self, target: str, port: int) -> tuple[dict[str, Any], str]:
        return {**self.place.credentials, "port": port, "sslmode": "disable"}, target

    def proxy(self) -> MessageProxy:
        return MessageProxy(self.port)

    def is_late(self, sent: Any) -> bool:
        return bool(sent.kind == b"X")  # the client says that it is done

    def _wait_for_the_end(self) -> None:
        """Wait until the server has noticed that a load is gone."""
        sessions = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'runtime'"
        deadline = time.monotonic() + 30
        while self.place.execute(sessions)[0]:
            assert time.monotonic() < deadline, "a session of a stopped load stays"
            time.sleep(0.01)


class DatabaseFiles(TableStage):
    """Each load has a file of its own."""

    name = "duckdb"
    class_path = ("runtime.tables.duckdb", "DuckDBTables")
    text = "varchar"
    hidden = re.compile(r"\.warehouse\.duckdb\..+|warehouse\.duckdb\.wal")

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, load: Load) -> str:
        path = self.folder / uuid.uuid4().hex / "warehouse.duckdb"
        path.parent.mkdir()
        self.fill(load, DatabaseFile(path), "example")
        return str(path)

    def shown(self, load: Load, target: str) -> Shown:
        if not Path(target).exists():
            assert not load.former
            return "nothing"
        return self.shown_in(load, DatabaseFile(Path(target)), "example")

    def order(self, target: str, port: int) -> tuple[dict[str, Any], str]:
        return {"path": target}, "example"

    def left(self, target: str) -> set[str]:
        path = Path(target)
        return {each.name for each in path.parent.iterdir()} - {path.name}
