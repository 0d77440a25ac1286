"""Run Copier's commands in forks of one process that has imported it.

A script too: an order is a line of JSON on standard input, its outcome one on standard
output. A command begins as it would alone, but for the second that the imports take.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STARTUP = Path(__file__).with_name("startup")


def run(
    *command: str, python: str | Path, folder: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command; return its exit code and its text.

    Args:
        command: What follows `copier` on the command line.
        python: Of an environment with Copier.
        folder: Where the command runs.
        environment: Its variables, all of them.
    """
    process = _process(str(python))
    assert process.stdin
    assert process.stdout
    order = {"command": command, "folder": str(folder), "environment": {**environment}}
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    code, said = json.loads(process.stdout.readline())
    return code, said


@cache
def _process(python: str) -> subprocess.Popen[str]:
    """Start the process, which ends with ours."""
    process = subprocess.Popen(
        [python, __file__],
        env={**os.environ, "PYTHONPATH": str(STARTUP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def main() -> None:
    """Do what standard input says, until it ends."""
    import copier._cli  # noqa: F401, PLC0415  # slow; what `copier` runs

    for line in sys.stdin:
        with tempfile.TemporaryFile() as said:
            child = os.fork()
            if not child:
                os._exit(_run(json.loads(line), said.fileno()))
            _, status = os.waitpid(child, 0)
            said.seek(0)
            outcome = [os.waitstatus_to_exitcode(status), said.read().decode()]
        print(json.dumps(outcome), flush=True)  # noqa: T201


def _run(order: Mapping[str, Any], output: int) -> int:
    from copier._cli import CopierApp  # noqa: PLC0415  # imported already

    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    # A task writes to the descriptors themselves.
    for ours, its in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(ours, its)
    try:
        code = int(CopierApp.run(["copier", *order["command"]], exit=False)[1])
    except Exception:  # noqa: BLE001  # what came of the command
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
