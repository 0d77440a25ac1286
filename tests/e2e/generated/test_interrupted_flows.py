"""Flows whose process, connection or token ends in the middle, and their retries."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs, parquet
from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    environment,
    postgresql_credentials,
    run,
    write_config,
)
from tests.proxy import Fate, Proxy, Request

CONTAINER = "interrupted"
FORMER = b"the former file, whatever is in it"
WITHIN = 60.0  # seconds, far more than it takes
# Two full blocks of 8 MiB and a third, in rows of 64 KiB that no compression shrinks.
BLOCKS, ROWS = 3, 320
QUERY = f"""
    SELECT row AS number,
           string_agg(decode(md5(random()::text || part), 'hex'), '') AS noise
    FROM generate_series(1, {ROWS}) AS row, generate_series(1, 4096) AS part
    GROUP BY row
"""  # noqa: S608 - of our own numbers
SLOW_ROWS = 4_000
SLOWLY = (
    f"SELECT i, pg_sleep(0.001)::text AS slept FROM generate_series(1, {SLOW_ROWS}) "  # noqa: S608
    "AS i /* {mark} */"
)
LATE = """
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

RETRIED = """
import sys
import pandas as pd
from prefect import flow
from acme.exceptions import RetriableError
from acme.orchestration.prefect import tasks

@flow(retries=1)
def load():
    attempts.append(1)
    df = pd.DataFrame({"attempt": [len(attempts)]})
    tasks.df_to_adls(df, sys.argv[1], "lake")
    query = f"SELECT {len(attempts)} AS attempt"
    tasks.postgresql_batches_to_adls(
        sys.argv[2], query,
        postgresql_config_key="warehouse", adls_config_key="lake",
    )
    if len(attempts) == 1:
        raise RetriableError("something else failed")

attempts = []
load()
"""


class Flows:
    """Runs the golden's flows, by a proxy to Azurite, in a folder of the test."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env

    @contextmanager
    def started(self, **arguments: Any) -> Iterator[subprocess.Popen[str]]:  # noqa: ANN401
        """Start the flow that loads a frame, or the one in batches that verifies."""
        keys = {"postgresql_config_key": "warehouse", "adls_config_key": "lake"}
        order = {"cases": {"it": {**keys, **arguments}}}
        with subprocess.Popen(
            [sys.executable, HERE / "flow_driver.py"],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdin
            json.dump(order | {"in_batches": "verify" in arguments}, process.stdin)
            process.stdin.close()
            try:
                yield process
            finally:
                process.kill()

    def run(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """Run a flow to its end, and return its result."""
        with self.started(**arguments) as process:
            process.wait()
        results = json.loads((self.folder / "results.json").read_text("utf-8"))
        result: dict[str, Any] = results["it"]
        return result


@pytest.fixture
def proxy(azurite: Azurite) -> Iterator[Proxy]:
    with Proxy(azurite.port) as proxy:
        yield proxy


@pytest.fixture
def flows(  # noqa: PLR0917
    golden: Path,
    azurite: Azurite,
    postgres: PostgreSQL,
    prefect_server: PrefectServer,
    proxy: Proxy,
    tmp_path: Path,
) -> Flows:
    azurite.create_container(CONTAINER)
    config = write_config(
        tmp_path / "config.yaml",
        {
            "warehouse": postgresql_credentials(postgres),
            "lake": {"connection_string": connection_string(azurite, port=proxy.port)},
        },
    )
    env = environment(
        golden, config=config, **prefect_server.environment, HOME=str(tmp_path)
    )
    return Flows(tmp_path, env)


@pytest.fixture
def path() -> str:
    """Return a path where nothing is."""
    return f"{CONTAINER}/{uuid.uuid4()}/file.parquet"


@pytest.fixture
def lake(azurite: Azurite) -> fs.FileSystem:
    """Return Azurite as it is without the proxy."""
    return azurite.filesystem


@pytest.fixture
def former(lake: fs.FileSystem, path: str) -> Callable[[], None]:
    """Write a former file, and return what makes sure that it is still there."""
    with lake.open_output_stream(path) as file:
        file.write(FORMER)

    def stays() -> None:
        with lake.open_input_stream(path) as file:
            assert file.read() == FORMER

    return stays


class HoldTheLastBlock:
    """Lets two blocks pass, and holds the third until it is released."""

    def __init__(self) -> None:
        self.reached, self.released = threading.Event(), threading.Event()
        self._blocks = 0

    def __call__(self, request: Request) -> Fate:
        self._blocks += request.is_block
        if request.is_block and self._blocks == BLOCKS:
            self.reached.set()
            self.released.wait()
            return "break off"
        return "pass"


def stop(flows: Flows, proxy: Proxy, path: str, number: signal.Signals) -> None:
    """Send a signal to a flow before its last block."""
    proxy.rule = hold = HoldTheLastBlock()
    with flows.started(adls_path=path, sql_query=QUERY, overwrite=True) as process:
        if not hold.reached.wait(WITHIN):
            raise RuntimeError
        process.send_signal(number)
        hold.released.set()
        process.wait()
    assert process.returncode != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_a_killed_flow_leaves_the_former_file(
    flows: Flows,
    proxy: Proxy,
    path: str,
    former: Callable[[], None],
    number: signal.Signals,
) -> None:
    stop(flows, proxy, path, number)
    former()


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="nobody notices that the process of a flow run is gone",
)
def test_the_run_of_a_killed_flow_does_not_stay_running(
    flows: Flows, proxy: Proxy, path: str, prefect_server: PrefectServer
) -> None:
    stop(flows, proxy, path, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while (state := state_of_run(prefect_server, path)) == "RUNNING":
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert state != "RUNNING"


def state_of_run(server: PrefectServer, path: str) -> str:
    """Return the state of the one flow run that writes to a path."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.api_url}/flow_runs/filter",
        data=json.dumps({"sort": "START_TIME_DESC", "limit": 20}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        runs = json.load(answer)
    (state,) = [
        r["state_type"] for r in runs if r["parameters"].get("adls_path") == path
    ]
    return str(state)


def test_a_token_that_ends_in_the_middle_leaves_the_former_file(
    flows: Flows, proxy: Proxy, path: str, former: Callable[[], None]
) -> None:
    def blocks() -> int:
        return sum(request.is_block for request in proxy.seen)

    proxy.rule = lambda request: (
        "refuse" if request.is_block and blocks() == BLOCKS else "pass"
    )
    result = flows.run(adls_path=path, sql_query=QUERY, overwrite=True)
    assert result["type"] == "CredentialError"
    assert blocks() == BLOCKS
    former()


def test_a_lost_answer_to_the_commit_ends_in_one_file(
    flows: Flows, proxy: Proxy, path: str, lake: fs.FileSystem
) -> None:
    def lose(request: Request) -> Fate:
        if request.is_commit and not lost:
            lost.append(request)
            return "lose the answer"
        return "pass"

    lost: list[Request] = []
    proxy.rule = lose
    result = flows.run(adls_path=path, sql_query=QUERY)
    assert len(lost) == 1
    assert result["state"] == "COMPLETED"
    beside = lake.get_file_info(fs.FileSelector(path.rpartition("/")[0]))
    assert [info.path for info in beside] == [path]
    assert parquet.read_table(path, filesystem=lake).num_rows == ROWS


def running(postgres: PostgreSQL, mark: str) -> list[str]:
    """Return the process ids of the server that run a marked query."""
    found = postgres.psql(
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' "  # noqa: S608
        f"AND query LIKE '%/* {mark} ' || '*/%'"
    )
    return found.split()


def test_the_timeout_of_a_task_reaches_the_server(
    flows: Flows, postgres: PostgreSQL, path: str, lake: fs.FileSystem
) -> None:
    query = "SELECT pg_sleep(600)::text AS slept /* late */"
    script = [sys.executable, "-c", LATE, path, query]
    done = run(script, env=flows.env, cwd=flows.folder)
    said = done.stdout.splitlines()[-1]
    assert said.startswith("FAILED"), done.stdout
    assert "timeout" in said
    deadline = time.monotonic() + WITHIN
    while running(postgres, "late"):
        assert time.monotonic() < deadline, "the server goes on"
        time.sleep(0.1)
    assert lake.get_file_info(path).type == fs.FileType.NotFound


def test_a_connection_that_is_lost_is_retried_without_a_duplicate(
    flows: Flows, postgres: PostgreSQL, path: str, lake: fs.FileSystem
) -> None:
    terminated: list[str] = []
    query = SLOWLY.format(mark="lost")
    with flows.started(adls_path=path, sql_query=query, verify="full") as process:
        deadline = time.monotonic() + WITHIN
        while not terminated and time.monotonic() < deadline:
            time.sleep(0.2)
            terminated = running(postgres, "lost")
        for each in terminated:
            postgres.psql(f"SELECT pg_terminate_backend({each})")
        process.wait()
    assert len(terminated) == 1
    result = json.loads((flows.folder / "results.json").read_text("utf-8"))["it"]
    assert result["state"] == "COMPLETED", result["text"]
    assert result["attempts"] == {"flow": 1, "postgresql_batches_to_adls": 2}
    table = parquet.read_table(path, filesystem=lake)
    assert table.column("i").to_pylist() == [*range(1, SLOW_ROWS + 1)]


def test_a_retry_of_a_flow_replaces_what_its_tasks_wrote(
    flows: Flows, path: str, lake: fs.FileSystem
) -> None:
    paths = [path, path.replace("file", "other")]
    done = run([sys.executable, "-c", RETRIED, *paths], env=flows.env, cwd=flows.folder)
    assert done.returncode == 0, done.stdout
    for each in paths:
        table = parquet.read_table(each, filesystem=lake)
        assert table.column("attempt").to_pylist() == [2]
