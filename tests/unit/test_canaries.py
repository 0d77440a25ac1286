"""A planted secret is found wherever it shows: a session of pytest finds it."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
START = """
import base64, logging, os, pytest, subprocess, sys
from sourcewright.services.service import Service

class Server(Service):
    password = "a canary/" + "in the mine"

    def _start(self, stack):
        pass

SECRET = Server.password

@pytest.fixture(autouse=True)
def server():
    with Server(None):
        yield
"""
PYTHON = "[sys.executable, '-c', 'pass'"
PLANTED = {
    "print": "print('it is', SECRET)",
    "stderr": "print(SECRET, file=sys.stderr)",
    "log": "logging.getLogger('a').warning('it is %s', SECRET)",
    "file": "tmp_path.joinpath('a').write_text(SECRET)",
    "encoded": "tmp_path.joinpath('a').write_bytes(base64.b64encode(SECRET.encode()))",
    "database": (
        "import sqlite3; base = sqlite3.connect(tmp_path / 'a.db'); "
        "base.execute('CREATE TABLE a AS SELECT ? AS b', [SECRET]); base.commit()"
    ),
    "argument": f"subprocess.run({PYTHON}, SECRET])",
    "variable": f"subprocess.run({PYTHON}], env={{'ADDRESS': SECRET}})",
    "output": (
        "subprocess.run([sys.executable, '-c', "
        '\'print("a canary/" + "in the mine")\'], capture_output=True)'
    ),
}
# How the session tells each.
FOUND = {
    "print": "Captured stdout call of",
    "stderr": "Captured stderr call of",
    "log": "Captured log call of",
    "file": "test_file0/a",
    "encoded": "test_encoded0/a",
    "database": "test_database0/a.db",
    "argument": "an argument of",
    "variable": "the variable ADDRESS of",
    "output": "the output of",
}
ALLOWED = {
    "nothing": "pass",
    "configuration": "tmp_path.joinpath('config.yaml').write_text(SECRET)",
    "meant": f"subprocess.run({PYTHON}], env={{'ACME__SHOP__PASSWORD': SECRET}})",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a session says in which everything is planted, by a test of its name."""
    folder = tmp_path_factory.mktemp("planted")
    tests = [
        f"def test_{name}(tmp_path):\n    {planted}\n"
        for name, planted in {**PLANTED, **ALLOWED}.items()
    ]
    (folder / "test_it.py").write_text("\n".join([START, *tests]))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.canaries", "--quiet"),
            *("-c", "/dev/null", "--rootdir", ".", "--basetemp", folder / "made"),
            folder / "test_it.py",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert f"{len(tests)} passed, 1 error" in done.stdout
    return done.stdout.partition("AssertionError: ")[2].partition("assert not")[0]


@pytest.mark.parametrize("where", PLANTED)
def test_a_planted_secret_is_found(where: str, found: str) -> None:
    assert FOUND[where] in found, found


def test_nothing_else_is_found(found: str) -> None:
    lines = [line for line in found.splitlines() if line.strip("E ")]
    assert len(lines) == len(FOUND), found
