"""A private PostgreSQL server, where the machine has one installed from a package.

Unlike that of our wheel, it has TLS, and the extensions of PostgreSQL's own sources.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import trustme
from sourcewright.services.leash import Leash
from sourcewright.services.ports import HOST, choose_port
from sourcewright.services.service import Service

USER, DATABASE = "postgres", "postgres"
START_SECONDS = 60.0
UNPRIVILEGED_USER = "nobody"
SETTINGS = {
    "fsync": "off",
    "listen_addresses": HOST,
    "unix_socket_directories": "",
}
TLS = {"ssl": "on", "ssl_cert_file": "server.pem", "ssl_key_file": "server.key"}
MISSING = "no PostgreSQL from a package: install postgresql"


def programs() -> Path | None:
    """Find the newest PostgreSQL of the machine's packages."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda path: int(path.parts[4]), default=None)
    return newest.parent if newest else None


class PackagedPostgreSQL(Service):
    """A fresh server on 127.0.0.1."""

    def __init__(
        self, password: str, certificate: trustme.LeafCert | None = None
    ) -> None:
        """Prepare a server; with a certificate it demands TLS."""
        super().__init__(None)
        self.password = password
        self._certificate = certificate

    @property
    def credentials(self) -> dict[str, Any]:
        """What the generated source takes."""
        return {
            "host": HOST,
            "port": self.port,
            "database": DATABASE,
            "user": USER,
            "password": self.password,
        }

    def _start(self, stack: ExitStack) -> None:
        found = programs()
        assert found, "install postgresql"
        made = tempfile.TemporaryDirectory(prefix="sw-postgresql-", dir="/tmp")
        folder = Path(stack.enter_context(made))
        data = folder / "data"
        # PostgreSQL refuses to run as root.
        user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        (folder / "password").write_text(self.password, encoding="utf-8")
        _give(folder, user)
        subprocess.run(
            [
                *(found / "initdb", "-D", data, "--no-sync", "--username", USER),
                *("--pwfile", folder / "password", "--encoding=UTF8", "--locale=C"),
            ],
            capture_output=True,
            check=True,
            cwd=folder,
            user=user,
        )
        self.port = choose_port(None, service="PostgreSQL")
        settings = {**SETTINGS, "port": str(self.port)}
        if self._certificate:
            chain = b"".join(each.bytes() for each in self._certificate.cert_chain_pems)
            (data / "server.pem").write_bytes(chain)
            (data / "server.key").touch(mode=0o600)
            (data / "server.key").write_bytes(self._certificate.private_key_pem.bytes())
            settings |= TLS
        kind = "hostssl" if self._certificate else "host"
        access = f"{kind} all all {HOST}/32 scram-sha-256\n"
        (data / "pg_hba.conf").write_text(access, encoding="utf-8")
        _give(data, user)
        server = stack.enter_context(
            Leash(
                [
                    *(str(found / "postgres"), "-D", str(data)),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                log=folder / "log",
                cwd=folder,
                user=user,
                folders=[folder],
            )
        )
        ready = [str(found / "pg_isready"), "--host", HOST, "--port", str(self.port)]
        server.wait_until(
            lambda: (
                subprocess.run(ready, capture_output=True, check=False).returncode == 0
            ),
            seconds=START_SECONDS,
        )


def _give(folder: Path, user: str | None) -> None:
    """Hand a folder and what is in it over to a user, if one is named."""
    if user:
        entry = pwd.getpwnam(user)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, entry.pw_uid, entry.pw_gid)
