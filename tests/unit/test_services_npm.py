"""An npm install is whole or not there, and is made once."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sourcewright.errors import SourcewrightError
from sourcewright.services import npm
from sourcewright.services.azurite import PACKAGE

INSTALL = """
import sys
from pathlib import Path
from sourcewright.services import npm
npm.install(Path(sys.argv[1]))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of ours, and an empty one of npm's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    return tmp_path / "cache" / "sourcewright"


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    """A lock without a package in it: to install it needs no network."""
    source = tmp_path / "nothing"
    source.mkdir()
    package = {"name": "nothing", "version": "1.0.0"}
    (source / "package.json").write_text(json.dumps(package))
    lock = {**package, "lockfileVersion": 3, "packages": {"": package}}
    (source / "package-lock.json").write_text(json.dumps(lock))
    return source


@pytest.fixture
def one_package(nothing: Path) -> Path:
    """A lock with one package, which npm must ask a registry for."""
    package = {"name": "one", "version": "1.0.0", "dependencies": {"part": "1.0.0"}}
    part = {"version": "1.0.0", "integrity": f"sha512-{'A' * 86}=="}
    lock = {
        **package,
        "lockfileVersion": 3,
        "packages": {"": package, "node_modules/part": part},
    }
    (nothing / "package.json").write_text(json.dumps(package))
    (nothing / "package-lock.json").write_text(json.dumps(lock))
    return nothing


def content(cache: Path) -> list[str]:
    if not cache.is_dir():
        return []
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def start_install(source: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", INSTALL, source], stderr=subprocess.DEVNULL
    )


def test_without_a_network_it_says_so_and_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(SourcewrightError) as caught:
        npm.install(PACKAGE)
    text = f"{caught.value} {vars(caught.value)}"
    assert "npm could not fetch azurite:" in text
    assert "check the network" in text
    assert content(cache) == []
    assert not npm.is_installed(PACKAGE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_install_leaves_nothing(
    cache: Path,
    one_package: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A registry that takes the call and never answers: npm hangs in the middle.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setenv("npm_config_registry", address)
        with start_install(one_package) as process:
            silent.settimeout(60)
            call, _ = silent.accept()
            assert len(content(cache)) == 1
            process.send_signal(number)
        assert eventually(lambda: content(cache) == [])
        call.close()


def test_an_install_is_made_once(cache: Path, nothing: Path) -> None:
    first = npm.install(nothing)
    (first / "marker").write_text("still here")
    assert npm.install(nothing) == first
    assert (first / "marker").read_text() == "still here"
    assert content(cache) == [first.name]


def test_two_processes_at_once_do_not_disturb_each_other(
    cache: Path, nothing: Path
) -> None:
    with start_install(nothing) as one, start_install(nothing) as other:
        assert (one.wait(60), other.wait(60)) == (0, 0)
    assert len(content(cache)) == 1


def test_another_lock_gets_another_folder(cache: Path, nothing: Path) -> None:
    first = npm.install(nothing)
    lock = nothing / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    assert npm.install(nothing) != first
    assert len(content(cache)) == 2
