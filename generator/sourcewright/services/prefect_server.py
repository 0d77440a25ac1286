"""Start Prefect's server for as long as we need it."""

import http.client
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from sourcewright.errors import SourcewrightError
from sourcewright.services.leash import SEE_LOG, CommandFailedError, Leash
from sourcewright.services.ports import HOST, choose_port
from sourcewright.services.service import Service

START_SECONDS = 180.0


class PrefectServer(Service):
    """A fresh server on 127.0.0.1 with an empty SQLite database.

    Attributes:
        port: The TCP port.
        environment: What a process needs in its environment to talk to this server. It
            holds no secret. Take other variables that begin with PREFECT_ out of that
            process's environment; `without_prefect` does.
        home: The server's and its clients' PREFECT_HOME, gone when it is stopped.
        database_path: The SQLite file. Recent writes may still be in the file beside it
            whose name ends in `-wal`.
        log_path: The server's log.
    """

    def __init__(
        self, *, python: str | Path = sys.executable, port: int | None = None
    ) -> None:
        """Prepare a server of the Prefect that is installed for `python`."""
        super().__init__(port)
        self.home = Path()
        self._python = python

    @property
    def api_url(self) -> str:
        """The address that clients need."""
        return f"http://{HOST}:{self.port}/api"

    @property
    def database_path(self) -> Path:
        """The SQLite file that keeps flow runs, parameters and logs."""
        return self.home / "prefect.db"

    @property
    def log_path(self) -> Path:
        """What the server printed."""
        return self.home / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client of this server needs."""
        return {
            "PREFECT_API_URL": self.api_url,
            "PREFECT_HOME": str(self.home),
            # Without a network, telemetry leaves the database locked.
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # A client that can't reach this server must fail, not start one of its own.
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        }

    def _start(self, stack: ExitStack) -> None:
        self.home = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="sourcewright-prefect-", ignore_cleanup_errors=True
                )
            )
        )
        self.port = choose_port(self._wanted_port, service="Prefect's server")
        try:
            server = stack.enter_context(
                Leash(
                    [
                        *(self._python, "-m", "prefect", "server", "start"),
                        *("--host", HOST, "--port", str(self.port), "--no-ui"),
                    ],
                    log=self.log_path,
                    cwd=self.home,
                    environment=without_prefect() | self.environment,
                    # Nothing is worth the seconds that an orderly shutdown takes.
                    stop_signal=signal.SIGKILL,
                    folders=[self.home],
                )
            )
            server.wait_until(self._healthy, seconds=START_SECONDS)
        except CommandFailedError as err:
            message = f"Prefect's server did not start: {err}"
            raise SourcewrightError(
                message, where=f"{HOST}:{self.port}", next_step=SEE_LOG
            ) from err

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/api/health")
            response = connection.getresponse()
            return response.status == http.HTTPStatus.OK and response.read() == b"true"
        except OSError:
            return False
        finally:
            connection.close()


def without_prefect() -> dict[str, str]:
    """Return the environment without Prefect's settings, which may name a server."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_")
    }
