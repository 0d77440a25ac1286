"""Make, install and run a project, with the commands that a user would type."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uv
import yaml

from sourcewright.errors import SourcewrightError
from sourcewright.services import Azurite, PostgreSQL, PrefectServer
from sourcewright.services.leash import CommandFailedError, Leash
from sourcewright.services.prefect_server import without_prefect

PACKAGE = "acme"
EXTRAS = "postgresql,adls"
CONTAINER = "lake"
POLL_SECONDS = 0.2
KEPT = "A former demo, if there was one, is as it was."
NETWORK = "check the network, or uv's index and proxy settings, and run again"

# In the order of `copier copy`: the source's flow needs its destination.
COMPONENTS: tuple[Mapping[str, str], ...] = (
    {"component": "project", "project_name": "Acme", "package": PACKAGE},
    {"component": "destination", "name": "adls"},
    {"component": "source", "name": "postgresql", "destinations": "[adls]"},
)

# Runs in the project's own environment, all tables in one process.
FLOWS = """\
import sys
from acme.orchestration.prefect.flows import postgresql_to_adls

for table in sys.argv[1:]:
    print(f"flow: {table}", flush=True)
    postgresql_to_adls(
        adls_path=f"lake/nycflights13/{table}.parquet",
        sql_query=f"SELECT * FROM {table}",
        postgresql_config_key="postgresql",
        adls_config_key="adls",
        overwrite=True,
    )
"""


@dataclass(frozen=True)
class Place:
    """The folder that a demo is made in. It goes if we are killed in the middle."""

    folder: Path

    @property
    def project(self) -> Path:
        """The generated project."""
        return self.folder / "project"

    @property
    def lake(self) -> Path:
        """The files of the lake, read back."""
        return self.folder / "lake"

    @property
    def commands_log(self) -> Path:
        """What copier and uv printed."""
        return self.folder / "commands.log"

    @property
    def flows_log(self) -> Path:
        """What the flows logged."""
        return self.folder / "flows.log"

    @property
    def scratch(self) -> Path:
        """What nobody needs at the end: the project's environment, unpacked data."""
        return self.folder / "scratch"

    @property
    def python(self) -> Path:
        """The interpreter that the project is installed for."""
        return self.scratch / "venv" / "bin" / "python"


def lake_path(table: str) -> str:
    """Say where the flow puts a table: container and blob."""
    return f"{CONTAINER}/nycflights13/{table}.parquet"


def copier_command(answers: Mapping[str, str], template: str, folder: str) -> list[str]:
    """Return the `copier` arguments that apply one component of the template."""
    data = [
        part for name, value in answers.items() for part in ("-d", f"{name}={value}")
    ]
    # HEAD: Copier takes the latest tag otherwise, and shows another version than this.
    head = ["--vcs-ref", "HEAD"]
    return ["copy", "--trust", "--defaults", *head, *data, template, folder]


def copy_component(answers: Mapping[str, str], template: Path, place: Place) -> None:
    """Run `copier copy` for one component."""
    command = copier_command(answers, str(template), str(place.project))
    _run([sys.executable, "-m", "copier", *command], place, doing="run copier copy")


def install(root: Path, place: Place) -> None:
    """Install the project with its extras into an environment of its own.

    Versions are those of the lock file in `root`. What uv has in its cache is not asked
    for again: only when that isn't enough does it go to the network.
    """
    program = uv.find_uv_bin()
    constraints = place.scratch / "constraints.txt"
    export: list[str | Path] = [
        *(program, "export", "--frozen", "--quiet", "--project", root),
        *("--all-groups", "--all-extras", "--no-hashes", "--no-emit-project"),
        *("--output-file", constraints),
    ]
    _run(export, place, doing="read uv.lock")
    venv = place.python.parent.parent
    create: list[str | Path] = [
        program,
        "venv",
        "--quiet",
        "--python",
        sys.executable,
        venv,
    ]
    _run(create, place, doing="make a virtual environment")
    command: list[str | Path] = [
        *(program, "pip", "install", "--quiet", "--python", place.python),
        *("--constraints", constraints, "--editable", f"{place.project}[{EXTRAS}]"),
    ]
    try:
        _run([*command, "--offline"], place, doing="install from uv's cache")
    except SourcewrightError:
        _run(command, place, doing="install the project", next_step=NETWORK)


def write_config(
    postgres: PostgreSQL, database: str, azurite: Azurite, file: Path
) -> None:
    """Write the two config keys that the flow needs. Holds secrets: mode 0600."""
    credentials = {
        "host": postgres.host,
        "port": postgres.port,
        "database": database,
        "user": postgres.user,
        "password": postgres.password,
    }
    lake = {"connection_string": azurite.connection_string}
    config = {
        "sources": [
            {"postgresql": {"class": "PostgreSQL", "credentials": credentials}},
            {"adls": {"class": "AzureDataLake", "credentials": lake}},
        ]
    }
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(config), encoding="utf-8")


def run_flows(
    place: Place,
    tables: Iterable[str],
    *,
    config: Path,
    server: PrefectServer,
    progress: Callable[[str], None],
) -> None:
    """Run the flow for each table, in one process of the project's environment.

    `progress` is told each table's name as its flow begins. The folder of `config` is
    removed, should we be killed meanwhile.

    Raises:
        SourcewrightError: a flow failed; the message has the end of its log.
    """
    # A proxy that the user's environment names must not see what stays on this machine.
    local = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost")))
    variables = {
        **without_prefect(),
        **server.environment,
        f"{PACKAGE.upper()}_CONFIG_PATH": str(config),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": local,
        "no_proxy": local,
    }
    shown: list[str] = []
    with Leash(
        [place.python, "-c", FLOWS, *tables],
        log=place.flows_log,
        environment=variables,
        folders=[place.folder, config.parent],
    ) as flows:
        while flows.exit_code() is None:
            log = place.flows_log.read_text(encoding="utf-8", errors="replace")
            begun = [line[6:] for line in log.splitlines() if line.startswith("flow: ")]
            for table in begun[len(shown) :]:
                progress(table)
            shown = begun
            time.sleep(POLL_SECONDS)
        _finish(flows, doing="run the flow postgresql_to_adls")


def as_typed(program: str, arguments: list[str]) -> str:
    """Quote a command as one would type it."""
    return shlex.join([program, *arguments])


def _run(
    command: Sequence[str | Path], place: Place, *, doing: str, next_step: str = ""
) -> None:
    # A new log each time: its end is shown when the command fails.
    log = place.scratch / "command.log"
    log.unlink(missing_ok=True)
    with Leash(command, log=log, folders=[place.folder]) as process:
        _finish(process, doing=doing, next_step=next_step)
    with place.commands_log.open("ab") as all_logs:
        all_logs.write(log.read_bytes())


def _finish(process: Leash, *, doing: str, next_step: str = "") -> None:
    try:
        process.succeed()
    except CommandFailedError as err:
        message = f"could not {doing}: {err}"
        raise SourcewrightError(message, next_step=next_step, files=KEPT) from err
