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

def test_it(tmp_path):
    pass
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
ALLOWED = {
    "nothing": "pass",
    "configuration": "tmp_path.joinpath('config.yaml').write_text(SECRET)",
    "meant": f"subprocess.run({PYTHON}], env={{'ACME__SHOP__PASSWORD': SECRET}})",
}


@pytest.mark.parametrize("where", [*PLANTED, *ALLOWED])
def test_a_planted_secret_is_found(where: str, tmp_path: Path) -> None:
    text = START.replace("    pass\n\nSECRET", "    return\n\nSECRET")
    head, _, _ = text.rpartition("    pass\n")
    planted = PLANTED.get(where) or ALLOWED[where]
    (tmp_path / "test_it.py").write_text(f"{head}    {planted}\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.canaries", "--quiet"),
            *("-c", "/dev/null", "--rootdir", ".", "--basetemp", tmp_path / "made"),
            tmp_path / "test_it.py",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (where in PLANTED), done.stdout
    assert ("1 error" in done.stdout) == (where in PLANTED)
