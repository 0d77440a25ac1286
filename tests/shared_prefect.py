"""One server of Prefect for all processes that run our tests side by side.

    python -m tests.shared_prefect FOLDER PROCESS

It starts the server, writes where it is into the folder, and ends with the process of
that id. A start costs more than most tests do.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from sourcewright.services import PrefectServer

from tests.once import Once

WAIT_SECONDS = 240


def shared(once: Once) -> PrefectServer:
    """Return the server of all workers of this run, which is stopped with it.

    Raises:
        RuntimeError: it did not start; says what it printed.
    """
    server = PrefectServer()
    place = once.folder("prefect", _start)
    told = json.loads((place / "place.json").read_text("utf-8"))
    server.port, server.home = told["port"], Path(told["home"])
    return server


def _start(folder: Path) -> None:
    folder.mkdir()
    parent = str(os.getppid())  # pytest itself, which started the workers
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.shared_prefect", folder, parent],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + WAIT_SECONDS
    while not (folder / "place.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "log").read_text("utf-8"))
        time.sleep(0.1)


def main() -> None:
    """Run the server until the process is gone."""
    folder, process = Path(sys.argv[1]), int(sys.argv[2])
    with PrefectServer() as server:
        told = json.dumps({"port": server.port, "home": str(server.home)})
        (folder / "place").write_text(told, encoding="utf-8")
        (folder / "place").replace(folder / "place.json")
        with suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                time.sleep(1)


if __name__ == "__main__":
    main()
