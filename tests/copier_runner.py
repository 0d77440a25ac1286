"""Run Copier's commands in forks of one process that has imported it.

A script too:

    copier_runner.py serve SOCKET
    copier_runner.py SOCKET COMMAND ...    # what `copier COMMAND ...` does

An order is a line of JSON on the socket, its outcome another. A command begins as it
would alone, but for the second that the imports take.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    return _order(address(str(python)), command, str(folder), environment)


@cache
def address(python: str) -> str:
    """Start the process, which ends with ours; return the path of its socket."""
    place = f"{tempfile.mkdtemp(prefix='sourcewright-copier-')}/socket"
    process = subprocess.Popen(
        [python, __file__, "serve", place],
        env={**os.environ, "PYTHONPATH": str(STARTUP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.readline()
    atexit.register(process.communicate)
    return place


def _order(
    place: str, command: Sequence[str], folder: str, environment: Mapping[str, str]
) -> tuple[int, str]:
    order = {"command": command, "folder": folder, "environment": {**environment}}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        with connection.makefile("rw", encoding="utf-8") as stream:
            stream.write(json.dumps(order) + "\n")
            stream.flush()
            code, said = json.loads(stream.readline())
    return code, said


def _serve(place: str) -> None:
    """Do what comes in by the socket, until standard input ends."""
    import copier._cli  # noqa: F401, PLC0415  # slow; what `copier` runs

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(place)
        server.listen()
        print("ready", flush=True)  # noqa: T201
        while server in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(_outcome(json.loads(stream.readline()))) + "\n")
    Path(place).unlink()
    Path(place).parent.rmdir()


def _outcome(order: Mapping[str, Any]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os._exit(_run(order, said.fileno()))
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode()


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


def main() -> None:
    """Serve, or hand one command to the process that does."""
    if sys.argv[1] == "serve":
        _serve(sys.argv[2])
        return
    code, said = _order(sys.argv[1], sys.argv[2:], str(Path.cwd()), os.environ)
    print(said, end="")  # noqa: T201
    sys.exit(code)


if __name__ == "__main__":
    main()
