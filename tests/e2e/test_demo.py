"""The demo, from its first server to its last comparison."""

import io
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console
from sourcewright.demo import flights, project, run
from sourcewright.demo.project import Place
from sourcewright.demo.screen import Screen
from sourcewright.errors import SourcewrightError
from sourcewright.services import Azurite, PostgreSQL

DEMO = [sys.executable, "-m", "sourcewright", "demo"]
ROWS = {
    "airlines": 16,
    "airports": 1_458,
    "planes": 3_322,
    "weather": 26_115,
    "flights": 336_776,
}
# Nothing answers on these addresses, so whoever asks a registry or a proxy fails.
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    "npm_config_offline": "true",
    "npm_config_registry": NOWHERE,
    "UV_OFFLINE": "1",
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
}


@pytest.fixture(scope="session")
def loaded(
    postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> PostgreSQL:
    """The five tables."""
    postgres.create_database(flights.DATABASE)
    scratch = tmp_path_factory.mktemp("unpacked")
    for table in flights.TABLES:
        assert flights.load(postgres, table, scratch=scratch) == ROWS[table.name]
    return postgres


def processes_of(folder: Path) -> list[str]:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def test_the_tables_have_real_types_and_keep_null(loaded: PostgreSQL) -> None:
    types = loaded.psql(
        "SELECT DISTINCT format_type(atttypid, NULL) FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'"
        " WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY 1",
        database=flights.DATABASE,
    ).split("\n")[:-1]
    assert types == ["double precision", "integer", "text", "timestamp with time zone"]
    missing = loaded.psql(
        "SELECT count(*) FILTER (WHERE dep_time IS NULL),"
        " count(*) FILTER (WHERE tailnum = ''), min(time_hour AT TIME ZONE 'UTC')"
        " FROM flights",
        database=flights.DATABASE,
    )
    assert missing == "8255|0|2013-01-01 10:00:00\n"


def test_the_configuration_is_private_and_names_both_keys(
    postgres: PostgreSQL, azurite: Azurite, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    project.write_config(postgres, flights.DATABASE, azurite, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    source, destination = yaml.safe_load(file.read_text())["sources"]
    assert source["postgresql"]["credentials"]["password"] == postgres.password
    assert (
        azurite.account_key in destination["adls"]["credentials"]["connection_string"]
    )


def test_a_wrong_value_in_the_lake_fails_the_demo_by_table_and_column(
    loaded: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    place.lake.mkdir()
    place.scratch.mkdir()
    names = loaded.psql("SELECT name FROM airlines", database=flights.DATABASE)
    carriers = loaded.psql("SELECT carrier FROM airlines", database=flights.DATABASE)
    lake = {"carrier": carriers.splitlines(), "name": names.splitlines()}
    lake["name"][0] += "!"
    pq.write_table(pa.table(lake), place.lake / "airlines.parquet")
    monkeypatch.setattr(flights, "TABLES", flights.TABLES[:1])
    screen = Screen(Console(file=io.StringIO()))
    with pytest.raises(SourcewrightError, match=r"airlines\.name: misses 1 values"):
        run._compare(loaded, screen, place)


def test_a_secret_in_a_log_fails_the_demo(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    log = tmp_path / "project" / "flows.log"
    log.write_text("connecting with hunter2")
    run._require_no_secret(("swordfish",), [tmp_path])
    with pytest.raises(SourcewrightError, match=r"flows\.log") as caught:
        run._require_no_secret(("swordfish", "hunter2"), [tmp_path])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("service", ["postgres", "azurite"])
def test_a_taken_port_ends_the_demo_with_a_message(
    service: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = subprocess.run(
            [*DEMO, "--output", tmp_path / "demo", f"--{service}-port", port],
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert f"port {port} is taken" in ended.stderr
    assert " next: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "demo").exists()


def test_the_demo_moves_every_value(tmp_path: Path) -> None:
    output = tmp_path / "demo"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
    done = subprocess.run(
        [*DEMO, "--output", output, "--prefect-port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Start Prefect's server: on port {port} " in done.stdout
    for table, rows in ROWS.items():
        path = f"{re.escape(project.lake_path(table))} +{rows:,} "
        assert re.search(path, done.stdout)
        assert pq.read_metadata(output / "lake" / f"{table}.parquet").num_rows == rows
    assert "6,832,063 values are the same" in done.stdout
    assert sorted(path.name for path in output.iterdir()) == [
        "commands.log",
        "flows.log",
        "lake",
        "project",
    ]
    assert (output / "project" / "src" / "acme" / "sources" / "postgresql.py").is_file()


@pytest.mark.parametrize(
    ("number", "until", "network"),
    [
        (signal.SIGINT, "Load nycflights13", {}),
        (signal.SIGTERM, "Start Azurite", {}),
        # What is fetched once, the test before this has fetched.
        (signal.SIGKILL, "Start Prefect's server", OFFLINE),
    ],
)
def test_an_interrupted_demo_leaves_no_process_and_the_former_demo(
    number: signal.Signals, until: str, network: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "demo"
    output.mkdir()
    (output / "former").write_text("whole")
    with subprocess.Popen(
        [*DEMO, "--output", output],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | network | {"TMPDIR": str(tmp_path / "temporary")},
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        (tmp_path / "temporary").mkdir()
        (tmp_path / "temporary").chmod(0o755)
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if line.startswith(f"... {until}"):
                break
        time.sleep(0.3)  # into the step
        demo.send_signal(number)
        demo.wait(30)
        errors = demo.stderr.read()
    assert any(until in line for line in lines), lines
    assert "Traceback" not in errors
    if number != signal.SIGKILL:
        assert demo.returncode == 130
        assert errors.startswith("Interrupted")
    for _ in range(100):
        if not processes_of(tmp_path) and not [*tmp_path.glob(".*.new")]:
            break
        time.sleep(0.1)
    assert processes_of(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".demo.lock",
        "demo",
        "temporary",
    ]
    assert [path.name for path in output.iterdir()] == ["former"]
