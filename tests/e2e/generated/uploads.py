"""Processes that upload one file through the golden's code, by a proxy to Azurite."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from sourcewright.services import Azurite, PostgreSQL

from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    environment,
    postgresql_credentials,
    write_config,
)
from tests.e2e.generated.proxy import Fate, Proxy, Request

MEBIBYTES = 20  # two full blocks of 8 MiB, and a third
BLOCKS = 3
# As much, in rows of 64 KiB that no compression shrinks.
ROWS = MEBIBYTES * 16
QUERY = """
    SELECT row AS number,
           string_agg(decode(md5(random()::text || part), 'hex'), '') AS noise
    FROM generate_series(1, 320) AS row, generate_series(1, 4096) AS part
    GROUP BY row
"""


class Upload:
    """A process that writes one file, by the class alone or by the whole flow."""

    def __init__(
        self, command: list[str], order: Mapping[str, Any], env: dict[str, str]
    ) -> None:
        self.process = subprocess.Popen(
            command,
            env=env,
            cwd=env["HOME"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order))
        self.process.stdin.close()

    def said(self) -> str:
        """Wait for the end, and return what was printed."""
        with self.process:
            assert self.process.stdout
            output = self.process.stdout.read()
            self.process.wait(timeout=60)
        return output

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


class Uploader:
    """Starts uploads, through the proxy's port."""

    def __init__(
        self,
        golden: Path,
        azurite: Azurite,
        postgres: PostgreSQL,
        server: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._golden, self._azurite = golden, azurite
        self._postgres, self._server, self._folder = postgres, server, folder

    def by_class(
        self,
        proxy: Proxy,
        path: str,
        *,
        text: str = "new",
        broken: bool = False,
        **options: str | bool,
    ) -> Upload:
        """Start `AzureDataLake.from_batches`; further options are its own."""
        order = {
            "credentials": {"connection_string": self._lake(proxy)},
            "path": path,
            "mebibytes": MEBIBYTES,
            "text": text,
            "broken": broken,
            "options": options,
        }
        return self._start("upload_driver.py", order)

    def by_flow(self, proxy: Proxy, path: str, *, overwrite: bool) -> Upload:
        """Start the flow `postgresql_to_adls` for one query."""
        config = write_config(
            self._folder / "config.yaml",
            {
                "warehouse": postgresql_credentials(self._postgres),
                "lake": {"connection_string": self._lake(proxy)},
            },
        )
        arguments = {
            "adls_path": path,
            "sql_query": QUERY,
            "postgresql_config_key": "warehouse",
            "adls_config_key": "lake",
            "overwrite": overwrite,
        }
        return self._start("flow_driver.py", {"cases": {"it": arguments}}, config)

    def result(self) -> dict[str, Any]:
        """Return what became of the flow, once its process has ended."""
        results = json.loads((self._folder / "results.json").read_text("utf-8"))
        result: dict[str, Any] = results["it"]
        return result

    def _lake(self, proxy: Proxy) -> str:
        return connection_string(self._azurite, port=proxy.port)

    def _start(
        self, script: str, order: Mapping[str, Any], config: Path | None = None
    ) -> Upload:
        env = environment(
            self._golden, config=config, HOME=str(self._folder), **self._server
        )
        return Upload([sys.executable, str(HERE / script)], order, env)


class StallAtTheLastBlock:
    """Lets two blocks pass, and holds the third until it is released."""

    def __init__(self) -> None:
        self.reached, self.released = threading.Event(), threading.Event()
        self._blocks = 0

    def __call__(self, request: Request) -> Fate:
        self._blocks += request.is_block
        if request.is_block and self._blocks == BLOCKS:
            self.reached.set()
            self.released.wait()
            return "break off"
        return "pass"
