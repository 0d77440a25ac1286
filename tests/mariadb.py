"""A private MariaDB server, where the machine has one installed."""

import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from sourcewright.services.leash import Leash
from sourcewright.services.ports import HOST, choose_port
from sourcewright.services.service import Service

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb")
START_SECONDS = 60.0
# The data lives as long as the process: surviving a power cut is not worth the time.
# The kernel's asynchronous writes are limited, for all processes together.
SETTINGS = (
    *("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"),
    "--innodb-use-native-aio=0",
)
PASSWORD = "p@ss:/ %w☃'\"ø"  # noqa: S105 - of a server that is gone a minute later
SETUP = f"""
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE USER reader@'{HOST}' IDENTIFIED BY '{PASSWORD.replace("'", "''")}';
GRANT SELECT, CREATE, DROP ON *.* TO reader@'{HOST}';
"""


def missing() -> str:
    """Say which program of MariaDB the machine lacks, if it does."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    return f"no {lacking[0]}: install mariadb-server" if lacking else ""


class MariaDB(Service):
    """A fresh server on 127.0.0.1, with a database `shop` and the user `reader`."""

    def __init__(self, *settings: str) -> None:
        """Prepare a server, with more settings as its program takes them."""
        super().__init__(None)
        self._settings = settings
        self.folder = Path()

    @property
    def credentials(self) -> dict[str, str | int]:
        """What the generated source takes."""
        return {
            "host": HOST,
            "port": self.port,
            "database": "shop",
            "user": "reader",
            "password": PASSWORD,
        }

    def sql(self, text: str) -> list[list[str]]:
        """Run statements as the superuser; return the fields of what they print."""
        done = self._client(text)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def _client(self, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *("mariadb", "--no-defaults", "--batch", "--skip-column-names"),
                *(
                    "--user=root",
                    f"--socket={self.folder / 's'}",
                    "--connect-timeout=5",
                ),
                "--default-character-set=utf8mb4",
            ],
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def _start(self, stack: ExitStack) -> None:
        # A short path: that of a socket has a hundred characters at most.
        folder = tempfile.TemporaryDirectory(prefix="sw-maria-", dir="/tmp")
        self.folder = Path(stack.enter_context(folder))
        data = self.folder / "data"
        user = ["--user=root"] if os.geteuid() == 0 else []
        # Of its own: a server that starts deletes the temporary tables of others.
        temporary = self.folder / "tmp"
        temporary.mkdir()
        environment = {**os.environ, "TMPDIR": str(temporary)}
        made = subprocess.run(
            [
                *("mariadb-install-db", "--no-defaults", f"--datadir={data}", *user),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
                *SETTINGS,
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        assert made.returncode == 0, made.stdout
        self.port = choose_port(None, service="MariaDB")
        program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        server = stack.enter_context(
            Leash(
                [
                    *(program, "--no-defaults", f"--datadir={data}", *user, *SETTINGS),
                    *(f"--socket={self.folder / 's'}", f"--port={self.port}"),
                    *(f"--bind-address={HOST}", *self._settings),
                ],
                log=self.folder / "log",
                cwd=self.folder,
                environment=environment,
                folders=[self.folder],
            )
        )
        server.wait_until(self._answers, seconds=START_SECONDS)
        self.sql(SETUP)

    def _answers(self) -> bool:
        return self._client("SELECT 1").returncode == 0
