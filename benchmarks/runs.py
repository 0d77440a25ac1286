"""Run contenders in processes of their own, and look at what they wrote."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pyarrow import fs, parquet
from sourcewright.services import Azurite, PostgreSQL

from benchmarks.contenders import FLOOR
from benchmarks.job import Job

REPOSITORY = Path(__file__).resolve().parent.parent
CONTAINER = "lake"
# Of /proc/<pid>/stat, counted after the name in parentheses: what ended children used.
CHILDREN_USER, CHILDREN_SYSTEM = 13, 14
REAPED_SECONDS = 0.2


class ContenderFailedError(Exception):
    """A contender failed, or wrote another number of rows than there are."""


@dataclass(frozen=True)
class Run:
    """What one extraction took.

    Attributes:
        contender: Which of `CONTENDERS`.
        seconds: Of the clock.
        cpu_seconds: Of the client.
        server_seconds: Of PostgreSQL's processor time.
        peak_bytes: The client's memory, above its imports.
        file_bytes: What was written.
    """

    contender: str
    seconds: float
    cpu_seconds: float
    server_seconds: float
    peak_bytes: int
    file_bytes: int


class Bench:
    """A database and a lake, on which contenders run one after the other."""

    def __init__(self, server: PostgreSQL, azurite: Azurite) -> None:
        """Take over servers that run."""
        self.server = server
        self.azurite = azurite
        azurite.create_container(CONTAINER)

    def run(
        self, contender: str, query: str, table: str, rows: int, *, lake: bool
    ) -> Run:
        """Extract a query or the table of the same rows, and count them.

        Raises:
            ContenderFailedError: It failed, or wrote another number of rows.
        """
        server = self.server
        job = Job(
            server={
                key: getattr(server, key)
                for key in ("host", "port", "user", "password", "database")
            },
            query=query,
            table=table,
            path=f"{CONTAINER}/file.parquet",
            lake=self.azurite.connection_string if lake else None,
        )
        before = self._server_seconds()
        with self._empty_place(job) as (filesystem, job):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.measured", contender],
                input=json.dumps(asdict(job)),
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise ContenderFailedError(done.stderr.strip().splitlines()[-1])
            files = _files(filesystem, job.path)
            written = sum(
                parquet.ParquetFile(
                    filesystem.open_input_file(f.path)
                ).metadata.num_rows
                for f in files
            )
        if written != rows and contender != FLOOR:
            msg = f"wrote {written} rows instead of {rows}"
            raise ContenderFailedError(msg)
        time.sleep(REAPED_SECONDS)
        return Run(
            contender,
            server_seconds=self._server_seconds() - before,
            file_bytes=sum(file.size for file in files),
            **json.loads(done.stdout.splitlines()[-1]),
        )

    @contextmanager
    def _empty_place(self, job: Job) -> Iterator[tuple[fs.FileSystem, Job]]:
        if job.lake:
            try:
                yield self.azurite.filesystem, job
            finally:
                self.azurite.filesystem.delete_dir_contents(
                    CONTAINER, missing_dir_ok=True
                )
        else:
            with tempfile.TemporaryDirectory() as folder:
                yield fs.LocalFileSystem(), replace(job, path=f"{folder}/file.parquet")

    def _server_seconds(self) -> float:
        """Return the processor time of all of the server's processes that ended."""
        pid = self.server.psql("SELECT pg_read_file('postmaster.pid')").split()[0]
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[CHILDREN_USER]) + int(fields[CHILDREN_SYSTEM])
        return ticks / os.sysconf("SC_CLK_TCK")


def _files(filesystem: fs.FileSystem, path: str) -> list[Any]:
    """Return the Parquet files at a path or below it, without dlt's own tables."""
    folder = path.rpartition("/")[0]
    found = filesystem.get_file_info(fs.FileSelector(folder, recursive=True))
    return [
        file
        for file in found
        if file.path.startswith(path)
        and file.path.endswith(".parquet")
        and file.is_file
        and "/_dlt" not in file.path
    ]
