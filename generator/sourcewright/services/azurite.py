"""Start Azurite, which emulates Azure's blob storage, for as long as we need it."""

import base64
import http.client
import os
import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path

from pyarrow.fs import AzureFileSystem

from sourcewright.errors import SourcewrightError
from sourcewright.services import npm
from sourcewright.services.leash import SEE_LOG, CommandFailedError, Leash
from sourcewright.services.ports import HOST, choose_port
from sourcewright.services.service import Service

PACKAGE = Path(__file__).with_name("npm_packages") / "azurite"
START_SECONDS = 60.0
KEY_BYTES = 64  # as in Azure


class Azurite(Service):
    """A fresh, empty blob service on 127.0.0.1, kept in memory.

    Azurite speaks the Blob API only: it has no real directories and no atomic rename.

    Attributes:
        account_name: The only account.
        account_key: Its key, another one at each start. Never print it.
        port: The TCP port.
        log_path: Azurite's log, gone when it is stopped.
    """

    account_name = "sourcewright"

    def __init__(self, *, port: int | None = None) -> None:
        """Prepare a service for `port`, or for any free port; entering starts it."""
        super().__init__(port)
        self.account_key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        self.log_path = Path()

    @property
    def blob_url(self) -> str:
        """The address of the account, without a secret in it."""
        return f"http://{HOST}:{self.port}/{self.account_name}"

    @property
    def connection_string(self) -> str:
        """For Azure's own libraries. Holds the key: never print it."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.account_name};"
            f"AccountKey={self.account_key};BlobEndpoint={self.blob_url};"
        )

    @property
    def filesystem(self) -> AzureFileSystem:
        """A file system of pyarrow on this account; `container/path` names a blob."""
        authority = f"{HOST}:{self.port}"
        return AzureFileSystem(
            account_name=self.account_name,
            account_key=self.account_key,
            blob_storage_authority=authority,
            blob_storage_scheme="http",
            dfs_storage_authority=authority,
            dfs_storage_scheme="http",
        )

    def create_container(self, name: str) -> None:
        """Create a container; one that is there already stays as it is."""
        try:
            self.filesystem.create_dir(name)
        except OSError:
            # Of its pool the client may take a connection that Azurite has just closed.
            self.filesystem.create_dir(name)

    def _start(self, stack: ExitStack) -> None:
        packages = npm.install(PACKAGE)
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="sourcewright-azurite-", ignore_cleanup_errors=True
                )
            )
        )
        self.port = choose_port(self._wanted_port, service="Azurite")
        self.log_path = folder / "azurite.log"
        program = packages / "node_modules" / "azurite" / "dist/src/blob/main.js"
        try:
            server = stack.enter_context(
                Leash(
                    [
                        *(npm.node(), program, "--inMemoryPersistence"),
                        *("--skipApiVersionCheck", "--disableTelemetry", "--silent"),
                        *("--blobHost", HOST, "--blobPort", str(self.port)),
                    ],
                    log=self.log_path,
                    cwd=folder,
                    environment=os.environ
                    | {"AZURITE_ACCOUNTS": f"{self.account_name}:{self.account_key}"},
                    folders=[folder],
                )
            )
            server.wait_until(self._answers, seconds=START_SECONDS)
        except CommandFailedError as err:
            message = f"Azurite did not start: {err}"
            raise SourcewrightError(
                message, where=f"{HOST}:{self.port}", next_step=SEE_LOG
            ) from err

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/")
            server = connection.getresponse().getheader("Server", "")
        except OSError:
            return False
        finally:
            connection.close()
        return server.startswith("Azurite-Blob")
