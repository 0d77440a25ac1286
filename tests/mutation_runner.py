"""Run pytest many times, without importing the libraries anew.

A script. It imports the libraries, then forks for each run: only the code under test
and its tests are imported there. It never imports them itself, and it starts no thread,
so a fork is safe. It reads runs from standard input, and prints one JSON object on the
last line: the result of each run.
"""

import faulthandler
import importlib
import json
import os
import pickle
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from sourcewright.services import Azurite, PostgreSQL
from sourcewright.services.service import Service

from tests.mutations import REPOSITORY, is_judge

LIBRARIES = (
    *("adlfs", "azure.core", "azure.identity.aio", "azure.storage.blob.aio", "boto3"),
    *("botocore.config", "duckdb", "fsspec.asyn", "httpx", "hypothesis", "moto.server"),
    *("pandas", "prefect", "prefect.blocks.notifications", "prefect.blocks.system"),
    *("prefect.events.worker", "prefect.flow_engine", "prefect.task_engine"),
    *("psycopg2", "pyarrow.csv", "pyarrow.dataset", "pyarrow.parquet", "pydantic"),
    *("pymysql", "sqlite3", "sqlalchemy.dialects.postgresql.psycopg2", "trustme"),
    *("tests.mariadb", "yaml"),
)
PARALLEL = 2
SECONDS = 300  # after which a run that hangs in C is ended without a result


class Recorder:
    """A plug-in of pytest that runs some tests, and records which pass and fail."""

    def __init__(self, judges: list[str]) -> None:
        """Run only these tests."""
        self._judges = judges
        self.passed: list[str] = []
        self.failed: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out all other tests."""
        items[:] = [
            item
            for item in items
            if any(is_judge(each, item.nodeid) for each in self._judges)
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a test's failure, but none of its fixtures, and its success."""
        if report.failed and report.when == "call":
            self.failed[report.nodeid] = report.longreprtext
        elif report.passed and report.when == "call":
            self.passed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a module that can't be imported."""
        if report.failed:
            self.failed[report.nodeid] = report.longreprtext


def adopt(kind: type[Service], state: dict[str, Any]) -> None:
    """Let a service without settings be one that runs already.

    Its databases are those of a run alone; its containers were created before.
    """
    begin, enter, leave = kind.__init__, kind.__enter__, kind.__exit__

    def init(self: Any, *settings: Any) -> None:  # noqa: ANN401
        begin(self, *settings)
        self.adopted = not settings
        if self.adopted:
            vars(self).update(state)

    def entered(self: Any) -> Any:  # noqa: ANN401
        if not self.adopted:
            return enter(self)
        if kind is PostgreSQL:  # a database of its own for each run
            self.database = f"run_{os.getpid()}"
            self._psql(f"CREATE DATABASE {self.database}", database="postgres")
        if kind is Azurite:  # two runs may create one container at the same time
            self.create_container = lambda _name: None
        return self

    def left(self: Any, *error: Any) -> None:  # noqa: ANN401
        if not self.adopted:
            leave(self, *error)

    methods = {"__init__": init, "__enter__": entered, "__exit__": left}
    for name, method in methods.items():
        setattr(kind, name, method)


def run(order: dict[str, Any], states: list[tuple[type[Service], Any]]) -> None:
    """Run pytest in a process that ends with it."""
    folder = Path(order["folder"])
    with (folder / "output.txt").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    for kind, state in states:
        adopt(kind, state)
    cwd = Path(order["cwd"])
    if cwd != REPOSITORY:  # our own `tests` must not hide a project's
        sys.path.remove(str(REPOSITORY))
        sys.path.insert(0, str(cwd / "src"))
        for name in [each for each in sys.modules if f"{each}.".startswith("tests.")]:
            del sys.modules[name]
    os.chdir(cwd)
    recorder = Recorder(order["judges"])
    options = ["--quiet", "-p", "no:cacheprovider", "-p", "no:cov", "--timeout=60"]
    code = int(pytest.main([*options, *order["arguments"]], plugins=[recorder]))
    result = {"code": code, "passed": recorder.passed, "failed": recorder.failed}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def main() -> None:
    """Read `{"services": …, "runs": […]}`; run them, two at a time."""
    orders = json.load(sys.stdin)
    for name in LIBRARIES:
        importlib.import_module(name)
    states = pickle.loads(b64decode(orders["services"]))  # noqa: S301 - our own
    waiting: list[dict[str, Any]] = orders["runs"]
    results = [Path(order["folder"]) / "result.json" for order in waiting]
    running: set[int] = set()
    while waiting or running:
        while waiting and len(running) < PARALLEL:
            order = waiting.pop(0)
            pid = os.fork()
            if pid == 0:
                try:
                    run(order, states)
                finally:
                    os._exit(0)
            running.add(pid)
        running.remove(os.wait()[0])
    found = {
        str(path.parent): json.loads(path.read_text("utf-8"))
        for path in results
        if path.exists()
    }
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
