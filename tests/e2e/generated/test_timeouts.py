"""Servers that don't answer, lock, break off or go on for ever, and what comes of it.

Times are upper bounds, far from what is usual: what would otherwise last for minutes.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests.e2e.generated.frozen import FreezingProxy
from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    environment,
    postgresql_credentials,
    run,
    write_config,
)

CONTAINER = "timeouts"
FOR_EVER = "SELECT pg_sleep(600)::text AS slept"
MANY_ROWS = "SELECT generate_series(1, 1000000000) AS number"
SLOW_ROWS = 4_000
SLOWLY = "SELECT i, pg_sleep(0.001)::text AS slept FROM generate_series(1, {rows}) AS i"
WITHIN = 30.0  # seconds


class Reader:
    """Reads in a process of its own."""

    def __init__(self, golden: Path, postgres: PostgreSQL, folder: Path) -> None:
        self._golden, self._postgres, self._folder = golden, postgres, folder

    def read(self, query: str, *, port: int | None = None, **order: Any) -> str:  # noqa: ANN401
        """Return what the reader said last."""
        others: dict[str, str | int] = {} if port is None else {"port": port}
        credentials = postgresql_credentials(
            self._postgres, sslmode="disable", **others
        )
        done = run(
            [sys.executable, HERE / "read_driver.py"],
            env=environment(self._golden, HOME=str(self._folder)),
            cwd=self._folder,
            stdin=json.dumps({"credentials": credentials, "query": query, **order}),
            seconds=WITHIN + 30,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout.splitlines()[-1]


@pytest.fixture
def reader(golden: Path, postgres: PostgreSQL, tmp_path: Path) -> Reader:
    return Reader(golden, postgres, tmp_path)


def marked(query: str, mark: str) -> str:
    """Return a query that can be told from others in the server's list."""
    return f"{query} /* {mark} */"


def running(postgres: PostgreSQL, mark: str) -> list[str]:
    """Return the process ids of the server that run a marked query."""
    found = postgres.psql(
        "SELECT pid, replace(query, chr(10), ' ') FROM pg_stat_activity "
        "WHERE state = 'active' AND pid <> pg_backend_pid()"
    )
    return [
        line.split("|")[0] for line in found.splitlines() if f"/* {mark} */" in line
    ]


def assert_ends(postgres: PostgreSQL, mark: str) -> None:
    """Wait until the server runs a marked query no more."""
    deadline = time.monotonic() + WITHIN
    while running(postgres, mark):
        assert time.monotonic() < deadline, "the server goes on"
        time.sleep(0.1)


def test_the_server_gives_up_a_statement_by_itself(reader: Reader) -> None:
    said = reader.read(FOR_EVER, server_seconds=1)
    assert said.startswith("SourceUnavailableError")
    assert "statement timeout" in said


def test_a_locked_table_is_given_up_and_worth_a_retry(
    reader: Reader, postgres: PostgreSQL
) -> None:
    postgres.psql("CREATE TABLE locked AS SELECT 1 AS number")
    holding = "BEGIN; LOCK TABLE locked; SELECT pg_sleep(600) /* the holder */"
    holder = threading.Thread(target=_ignoring_its_end, args=(postgres, holding))
    holder.start()
    try:
        deadline = time.monotonic() + WITHIN
        while not running(postgres, "the holder"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        said = reader.read("TABLE locked", settings={"lock_timeout": "500ms"})
    finally:
        for process in running(postgres, "the holder"):
            postgres.psql(f"SELECT pg_terminate_backend({process})")
        holder.join()
    assert said.startswith("SourceUnavailableError")
    assert "lock timeout" in said


def _ignoring_its_end(postgres: PostgreSQL, statements: str) -> None:
    postgres._psql(statements, database=None)  # it is to fail


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Listen, accept and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Listen with a queue that is full, so that nobody gets a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.settimeout(0)
            client.connect_ex(address)
            waiting.append(client)
        yield address[1]
        for client in waiting:
            client.close()


@pytest.mark.parametrize("port", ["silent_port", "black_hole"])
def test_a_server_that_does_not_answer_is_given_up(
    reader: Reader, request: pytest.FixtureRequest, port: str
) -> None:
    said = reader.read(FOR_EVER, port=request.getfixturevalue(port))
    assert said.startswith("SourceUnavailableError")
    assert "timeout expired" in said


@pytest.mark.parametrize("query", [FOR_EVER, MANY_ROWS], ids=["blocked", "streaming"])
def test_a_deadline_reaches_the_server(
    reader: Reader, postgres: PostgreSQL, query: str
) -> None:
    said = reader.read(marked(query, "deadline"), seconds=1)
    assert said.startswith("SourceUnavailableError The query took longer")
    assert_ends(postgres, "deadline")


def test_a_line_that_is_cut_holds_nobody_up(
    reader: Reader, postgres: PostgreSQL
) -> None:
    target = (postgres.host, postgres.port)
    with FreezingProxy(target, after_bytes=4 * 2**20) as proxy:
        said = reader.read(marked(MANY_ROWS, "cut"), port=proxy.port, seconds=3)
        assert proxy.frozen.is_set()
    assert said.startswith("SourceUnavailableError The query took longer")
    assert_ends(postgres, "cut")  # since the proxy closed its side


FLOW_THAT_IS_LATE = """
import sys
from acme.orchestration.prefect import flows, tasks
task = tasks.postgresql_batches_to_adls
task.timeout_seconds, task.retries = 3, 0
flow = flows.postgresql_to_adls_in_batches.with_options(retries=0)
state = flow(
    adls_path=sys.argv[1], sql_query=sys.argv[2], verify="none",
    postgresql_config_key="warehouse", adls_config_key="lake", return_state=True,
)
print(state.type.value, state.message)
"""


class Flows:
    """Runs the golden's streaming flow on a real server."""

    def __init__(
        self,
        golden: Path,
        postgres: PostgreSQL,
        azurite: Azurite,
        server: PrefectServer,
        folder: Path,
    ) -> None:
        self._folder = folder
        config = write_config(
            folder / "config.yaml",
            {
                "warehouse": postgresql_credentials(postgres),
                "lake": {"connection_string": connection_string(azurite)},
            },
        )
        self.env = environment(
            golden, config=config, **server.environment, HOME=str(folder)
        )

    def run(self, path: str, query: str) -> dict[str, Any]:
        arguments = {
            "adls_path": path,
            "sql_query": query,
            "postgresql_config_key": "warehouse",
            "adls_config_key": "lake",
            "verify": "full",
        }
        done = run(
            [sys.executable, HERE / "flow_driver.py"],
            env=self.env,
            cwd=self._folder,
            stdin=json.dumps({"cases": {"it": arguments}, "in_batches": True}),
        )
        assert done.returncode == 0, done.stdout
        results = json.loads((self._folder / "results.json").read_text("utf-8"))
        result: dict[str, Any] = results["it"]
        return result


@pytest.fixture
def streaming(
    golden: Path,
    postgres: PostgreSQL,
    azurite: Azurite,
    prefect_server: PrefectServer,
    tmp_path: Path,
) -> Flows:
    azurite.create_container(CONTAINER)
    return Flows(golden, postgres, azurite, prefect_server, tmp_path)


def test_the_timeout_of_a_task_reaches_the_server(
    streaming: Flows, postgres: PostgreSQL, azurite: Azurite, tmp_path: Path
) -> None:
    query = marked(FOR_EVER, "late task")
    script = [sys.executable, "-c", FLOW_THAT_IS_LATE]
    done = run(
        [*script, f"{CONTAINER}/late.parquet", query], env=streaming.env, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1].startswith("FAILED"), done.stdout
    assert "timeout" in done.stdout.splitlines()[-1]
    assert_ends(postgres, "late task")
    with pytest.raises(FileNotFoundError):
        azurite.filesystem.open_input_file(f"{CONTAINER}/late.parquet")


def test_a_connection_that_is_lost_is_retried_without_a_duplicate(
    streaming: Flows, postgres: PostgreSQL, azurite: Azurite
) -> None:
    mark = "lost connection"
    terminated: list[str] = []

    def terminate() -> None:
        deadline = time.monotonic() + 120
        while not terminated and time.monotonic() < deadline:
            time.sleep(0.2)
            terminated.extend(running(postgres, mark))
        for process in terminated:
            postgres.psql(f"SELECT pg_terminate_backend({process})")

    watcher = threading.Thread(target=terminate)
    watcher.start()
    path = f"{CONTAINER}/lost/file.parquet"
    result = streaming.run(path, marked(SLOWLY.format(rows=SLOW_ROWS), mark))
    watcher.join()
    assert len(terminated) == 1
    assert result["state"] == "COMPLETED", result["text"]
    assert result["attempts"] == {"flow": 1, "postgresql_batches_to_adls": 2}
    table = parquet.read_table(path, filesystem=azurite.filesystem)
    assert table.column("i").to_pylist() == [*range(1, SLOW_ROWS + 1)]
