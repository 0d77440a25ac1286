"""Run the tests of many copies of a project, without importing the libraries anew.

A script. It imports what the generated code leans on, then forks for each run: only the
copy's own package and tests are imported there. It never imports them itself, and it
starts no thread, so a fork is safe. Reads runs from standard input, and prints one JSON
object on the last line: what became of each run.
"""

import faulthandler
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

LIBRARIES = (
    *("boto3", "botocore.config", "duckdb", "httpx", "pymysql", "sqlite3"),
    *("adlfs", "azure.core", "azure.identity.aio", "azure.storage.blob.aio"),
    *("fsspec.asyn", "pandas", "psycopg2", "pyarrow.csv", "pyarrow.dataset"),
    *("pyarrow.parquet", "prefect", "prefect.blocks.notifications", "pydantic"),
    *("prefect.blocks.system", "prefect.flow_engine", "prefect.task_engine"),
    *("sqlalchemy.dialects.postgresql.psycopg2", "prefect.testing.utilities", "yaml"),
)
PARALLEL = 2
SECONDS = 300  # after which a broken copy that hangs in C is ended without a result


class Recorder:
    """A plug-in of pytest: what failed, and how."""

    def __init__(self, until: str | None) -> None:
        """Start with nothing; stop when a test that is named so has failed."""
        self._until = until
        self._session: pytest.Session | None = None
        self.passed: list[str] = []
        self.failed: dict[str, str] = {}

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session, to stop it."""
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a failure of a test or of its fixtures, and a test's success."""
        if report.failed:
            self.failed[report.nodeid] = report.longreprtext
            if self._session and self._until and self._until in report.nodeid:
                self._session.shouldfail = "noticed"
        elif report.passed and report.when == "call":
            self.passed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep a module that could not be imported."""
        if report.failed:
            self.failed[report.nodeid] = report.longreprtext


def run(folder: Path, tests: list[str], until: str | None) -> None:
    """Run pytest in `folder`, in a process that ends with it."""
    with (folder / "output.txt").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if until:
        faulthandler.dump_traceback_later(SECONDS, exit=True)
    os.chdir(folder)
    sys.path.insert(0, str(folder / "src"))
    recorder = Recorder(until)
    options = ["--quiet", "-p", "no:cacheprovider", "-p", "no:cov", "--timeout=60"]
    code = int(pytest.main([*options, *tests], plugins=[recorder]))
    result = {"code": code, "passed": recorder.passed, "failed": recorder.failed}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def main() -> None:
    """Read `[{"folder": …, "tests": […], "until": …}]`; run them, two at a time."""
    waiting: list[dict[str, Any]] = json.load(sys.stdin)
    folders = [Path(order["folder"]) for order in waiting]
    for name in LIBRARIES:
        importlib.import_module(name)
    running: set[int] = set()
    while waiting or running:
        while waiting and len(running) < PARALLEL:
            order = waiting.pop(0)
            pid = os.fork()
            if pid == 0:
                try:
                    run(Path(order["folder"]), order["tests"], order.get("until"))
                finally:
                    os._exit(0)
            running.add(pid)
        running.remove(os.wait()[0])
    results = {
        str(folder): json.loads((folder / "result.json").read_text("utf-8"))
        for folder in folders
        if (folder / "result.json").exists()
    }
    print(json.dumps(results))  # noqa: T201


if __name__ == "__main__":
    main()
