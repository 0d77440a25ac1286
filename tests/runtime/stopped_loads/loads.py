"""Loads that run in a fork, and the ways to stop them."""

import importlib
import os
import signal
from typing import Any, Literal, NamedTuple, Protocol

from runtime.files import adls, formats, s3
from runtime.loading import load
from runtime.sql.postgresql import PostgreSQL

from tests.proxy import Fate

# Imported before the first fork.
LIBRARIES = (
    *("adlfs", "azure.identity.aio", "azure.storage.blob.aio", "boto3", "duckdb"),
    *("psycopg2", "sqlalchemy.dialects.postgresql.psycopg2", __name__),
)
ROWS = 4_000
QUERY = f"SELECT i, md5(i::text) AS text FROM generate_series(1, {ROWS}) AS i"
BLOCK_BYTES = 64 * 1024  # so that a file has several


def load_in_a_fork(
    source: dict[str, Any],
    class_path: list[str],
    credentials: dict[str, Any],
    target: str,
    options: dict[str, Any],
) -> str:
    """Load the query; return "written", or the error's class and text."""
    for each in (adls._Blob, adls._Reader, s3._Upload, s3._Reader):
        each.block_bytes = BLOCK_BYTES
    formats.ROW_GROUP_BYTES = BLOCK_BYTES
    adls.REQUEST["retry_total"] = 0
    module, name = class_path
    made = getattr(importlib.import_module(module), name)(credentials=credentials)
    try:
        load(PostgreSQL(credentials=source), made, QUERY, target, **options)
    except Exception as err:  # noqa: BLE001 - it is the result
        return f"{type(err).__name__} {err}"
    return "written"


class Load(NamedTuple):
    """One way to load: its name, its options, and whether there are former rows."""

    name: str
    options: dict[str, Any]
    former: bool


# The process is killed before the request arrives, or before its answer does; all
# connections break; the token has expired; one answer is lost.
Way = Literal["kill before", "kill after", "break off", "refuse", "lose the answer"]


class Sent(Protocol):
    """A request or a message that a proxy has seen."""

    @property
    def is_commit(self) -> bool:
        """Whether it makes rows visible."""


class StopAt:
    """A proxy's rule that stops a load at one of its requests, counted from 1."""

    def __init__(self, number: int, way: Way, process: int) -> None:
        self._number, self._way, self._process = number, way, process
        self._count = 0
        self.reached: Any = None

    def __call__(self, sent: Sent) -> Fate:
        self._count += 1
        if self._count < self._number:
            return "pass"
        if self._count == self._number:
            self.reached = sent
            if self._way == "kill before":
                os.kill(self._process, signal.SIGKILL)
            if self._way in {"kill after", "lose the answer"}:
                return "lose the answer"
        if self._way == "lose the answer":
            return "pass"
        return "refuse" if self._way == "refuse" else "break off"

    def lost(self) -> None:
        if self._way == "kill after":
            os.kill(self._process, signal.SIGKILL)
