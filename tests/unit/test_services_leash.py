"""Nothing that we start outlives us, however we end."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sourcewright.services.leash import CommandFailedError, Leash

# A command with a child of its own, which a kill of the command alone would leave.
TWO_PROCESSES = """
    import os, pathlib, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
"""
OWNER = """
    import sys, time
    from pathlib import Path
    from sourcewright.services.leash import Leash
    folder, pids, script = map(Path, sys.argv[1:])
    with Leash(
        [sys.executable, script, pids], log=folder.with_suffix(".log"), folders=[folder]
    ) as leash:
        leash.wait_until(pids.exists, seconds=30)
        print("ready", flush=True)
        time.sleep(600)
"""
SERVICE_OWNER = """
    import sys, time
    from sourcewright.services import {service}
    with {service}() as service:
        print(service.port, service.log_path.parent, flush=True)
        time.sleep(600)
"""


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def two_processes(tmp_path: Path) -> Path:
    script = tmp_path / "two_processes.py"
    script.write_text(textwrap.dedent(TWO_PROCESSES))
    return script


def started(pids: Path) -> list[int]:
    assert eventually(lambda: pids.exists() and " " in pids.read_text())
    return [int(pid) for pid in pids.read_text().split()]


def test_a_command_is_stopped_with_its_children_at_the_end_of_the_block(
    tmp_path: Path,
) -> None:
    pids, folder = tmp_path / "pids", tmp_path / "folder"
    folder.mkdir()
    with Leash(
        [sys.executable, two_processes(tmp_path), pids],
        log=tmp_path / "log",
        folders=[folder],
    ):
        running = started(pids)
        assert all(alive(pid) for pid in running)
    assert not any(alive(pid) for pid in running)
    assert not folder.exists()


def test_a_command_is_stopped_with_its_children_by_an_exception(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    message = "in the middle"
    with (  # noqa: PT012 - the exception is the middle of the block
        pytest.raises(RuntimeError, match=message),
        Leash([sys.executable, two_processes(tmp_path), pids], log=tmp_path / "log"),
    ):
        running = started(pids)
        raise RuntimeError(message)
    assert not any(alive(pid) for pid in running)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_command_ends_when_its_owner_is_killed(
    tmp_path: Path, number: signal.Signals
) -> None:
    pids, folder = tmp_path / "pids", tmp_path / "folder"
    folder.mkdir()
    (folder / "half-made").write_text("")
    owner: list[str | Path] = [
        sys.executable,
        "-c",
        textwrap.dedent(OWNER),
        folder,
        pids,
    ]
    with subprocess.Popen(
        [*owner, two_processes(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        running = started(pids)
        process.send_signal(number)
    assert eventually(lambda: not any(alive(pid) for pid in running))
    assert eventually(lambda: not folder.exists())


def test_a_command_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    begun = time.monotonic()
    with Leash([sys.executable, "-c", deaf], log=log, grace=0.2) as leash:
        leash.wait_until(lambda: "deaf" in log.read_text(), seconds=30)
    assert leash.exit_code() == 128 + signal.SIGKILL
    assert time.monotonic() - begun < 10


def test_a_command_that_ends_by_itself_leaves_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Leash(
        [sys.executable, "-c", "pass"], log=tmp_path / "log", folders=[folder]
    ) as leash:
        leash.succeed(seconds=30)
    assert folder.exists()


def test_a_failing_command_says_so_with_the_end_of_its_log(tmp_path: Path) -> None:
    fails = "import sys; print('the reason'); sys.exit(3)"
    with (
        Leash([sys.executable, "-c", fails], log=tmp_path / "log") as leash,
        pytest.raises(CommandFailedError, match=r"code 3\nthe reason"),
    ):
        leash.succeed(seconds=30)


def test_a_missing_command_says_so(tmp_path: Path) -> None:
    with (
        Leash([tmp_path / "missing"], log=tmp_path / "log") as leash,
        pytest.raises(CommandFailedError, match=r"cannot run .*missing: No such file"),
    ):
        leash.succeed(seconds=30)


def test_a_command_that_is_too_slow_says_so(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    with (
        Leash(sleep, log=tmp_path / "log") as leash,
        pytest.raises(CommandFailedError, match=r"was not ready after 0\.2 s"),
    ):
        leash.wait_until(lambda: False, seconds=0.2)


def test_a_command_hears_signals_that_its_owner_does_not(tmp_path: Path) -> None:
    """The watcher must not make the command deaf to SIGTERM."""
    log = tmp_path / "log"
    waits = "import time; print('up', flush=True); time.sleep(600)"
    with Leash([sys.executable, "-c", waits], log=log, grace=60) as leash:
        leash.wait_until(lambda: "up" in log.read_text(), seconds=30)
    assert leash.exit_code() == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("service", "number"),
    [
        ("PostgreSQL", signal.SIGINT),
        ("PostgreSQL", signal.SIGKILL),
        ("Azurite", signal.SIGINT),
        ("Azurite", signal.SIGKILL),
        ("PrefectServer", signal.SIGKILL),
    ],
)
def test_a_service_ends_when_its_owner_is_killed(
    service: str, number: signal.Signals
) -> None:
    code = textwrap.dedent(SERVICE_OWNER.format(service=service))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        port, folder = process.stdout.readline().split()
        assert folder in running_commands() or f" {port}" in running_commands()
        process.send_signal(number)
    assert eventually(
        lambda: (
            folder not in running_commands() and f" {port}" not in running_commands()
        )
    )
    assert eventually(lambda: not Path(folder).exists())


def running_commands() -> str:
    return subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
