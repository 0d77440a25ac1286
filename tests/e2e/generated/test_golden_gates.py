"""The golden passes its own gates, with every server and with none.

Its commands are started all at once, two at a time; each test waits for its own.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from sourcewright.services import Azurite, PostgreSQL

from tests.e2e.generated import gates
from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    copy_golden,
    copy_project,
    environment,
    postgresql_credentials,
    run,
    write_config,
)
from tests.golden import APPLICATIONS, render

PARALLEL = 2
GATE = 80.0
COVERAGE_MET = re.compile(rf"Required test coverage of {GATE}% reached")
COVERAGE = ("--cov", "--cov-report=term", "--cov-report=json")
WITHOUT_SERVERS = ("tests/unit",)
TOOLS = {
    "formatter": ["ruff", "format", "--check", "--no-cache"],
    "linter": ["ruff", "check", "--no-cache"],
    "types": gates.TOOLS["types"],
    "docs": ["mkdocs", "build", "--strict"],
}
# By the package that isn't installed: its extra, and the class that needs it.
EXTRAS = {"adlfs": ("adls", "AzureDataLake"), "psycopg2": ("postgresql", "PostgreSQL")}
TRY_IMPORT = """
import acme.orchestration.prefect.flows, acme.sources
from acme.exceptions import MissingExtraError
try:
    acme.sources.{name}(config_key="any")
except MissingExtraError as err:
    print(err)
"""


@dataclass(frozen=True)
class TestRun:
    """What pytest did."""

    __test__ = False

    done: subprocess.CompletedProcess[str]
    report: Path

    @property
    def passed(self) -> int:
        """How many tests did what they should."""
        return len(self._cases()) - len(self.skipped) - len(self._with("failure"))

    @property
    def skipped(self) -> list[str]:
        """Why tests were skipped, one text for each."""
        return [str(case.findtext("skipped")) for case in self._with("skipped")]

    def _cases(self) -> list[ET.Element]:
        # Written by pytest a moment ago.
        return list(ET.parse(self.report).iter("testcase"))  # noqa: S314

    def _with(self, outcome: str) -> list[ET.Element]:
        return [case for case in self._cases() if case.find(outcome) is not None]

    def assert_passed(self) -> None:
        assert self.done.returncode == 0, self.done.stdout[-8000:]


class Runs:
    """Runs commands in copies of the golden, in the background."""

    def __init__(self, pool: ThreadPoolExecutor, folder: Path) -> None:
        self._pool, self._folder = pool, folder
        self._home = folder / "home"
        self._home.mkdir()

    def copy(self, project: Path, name: str) -> Path:
        """Copy a project, so that commands don't meet in their leavings."""
        return copy_project(project, self._folder / name)

    def command(
        self, project: Path, *command: str
    ) -> Future[subprocess.CompletedProcess[str]]:
        """Run a tool of our environment in a project."""
        program = Path(sys.executable).with_name(command[0])
        env = environment(project, HOME=str(self._home))
        return self._pool.submit(run, [program, *command[1:]], env=env, cwd=project)

    def tests(
        self,
        project: Path,
        *arguments: str,
        config: Path | None = None,
        hidden: str = "",
        after: Future[TestRun] | None = None,
    ) -> Future[TestRun]:
        """Run pytest in a project, on the servers that `config` has."""
        env = environment(
            project, config=config, HOME=str(self._home), TMPDIR=str(self._home)
        )
        if hidden:
            env = hide(env, hidden)
        report = project / ("report.xml" if after is None else "report-of-next.xml")
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments]

        def wait() -> TestRun:
            if after is not None:
                after.result()
            return TestRun(run(command, env=env, cwd=project), report)

        return self._pool.submit(wait)


def hide(env: dict[str, str], package: str) -> dict[str, str]:
    """Return an environment in which a package can't be found."""
    path = f"{HERE / 'missing'}:{env['PYTHONPATH']}"
    return {**env, "PYTHONPATH": path, "HIDDEN": package}


@dataclass(frozen=True)
class Outcomes:
    """All that was started."""

    tools: dict[str, Future[subprocess.CompletedProcess[str]]]
    no_server: Future[TestRun]
    with_servers: Future[TestRun]
    project_alone: Future[TestRun]
    without: Future[TestRun]


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL, azurite: Azurite
) -> Iterator[Outcomes]:
    folder = tmp_path_factory.mktemp("gates")
    config = write_config(
        folder / "config.yaml",
        {
            "postgresql_test": postgresql_credentials(postgres),
            "adls_test": {"connection_string": connection_string(azurite)},
        },
    )
    golden = copy_golden(folder / "golden")
    alone = folder / "alone"
    with ThreadPoolExecutor(PARALLEL) as pool:
        runs = Runs(pool, folder)
        # The coverage of the two adds up: that of the second is of all tests.
        no_server = runs.tests(golden, "tests/unit", *COVERAGE)
        with_servers = runs.tests(
            golden,
            "tests/integration",
            "--cov",
            "--cov-append",
            config=config,
            after=no_server,
        )
        render(alone, APPLICATIONS[:1])
        yield Outcomes(
            no_server=no_server,
            with_servers=with_servers,
            project_alone=runs.tests(alone, "tests/unit", "--cov"),
            without=runs.tests(
                runs.copy(golden, "no-extra"), "tests/unit", hidden=" ".join(EXTRAS)
            ),
            tools={
                name: runs.command(runs.copy(golden, name), *command)
                for name, command in TOOLS.items()
            },
        )


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(tool: str, outcomes: Outcomes) -> None:
    done = outcomes.tools[tool].result()
    assert done.returncode == 0, done.stdout[-5000:]


def test_unit_tests_alone_meet_the_coverage_gate(
    outcomes: Outcomes,
) -> None:
    tests = outcomes.no_server.result()
    tests.assert_passed()
    assert not tests.skipped
    assert COVERAGE_MET.search(tests.done.stdout)


@pytest.mark.parametrize("application", ["source-postgresql", "destination-adls"])
def test_a_connector_meets_the_coverage_gate_alone(
    application: str, outcomes: Outcomes
) -> None:
    """If each one alone is above the gate, so is any number of them."""
    project = outcomes.no_server.result().report.parent
    report = json.loads((project / "coverage.json").read_text("utf-8"))["files"]
    ledger = project / ".sourcewright" / application / "woven.yml"
    owned = yaml.safe_load(ledger.read_text("utf-8"))["files"]
    own = [path for path in owned if path in report]
    assert own
    found = Counter[str]()
    for path in own:
        found.update(report[path]["summary"])
    covered = found["covered_lines"] + found["covered_branches"]
    assert 100 * covered >= GATE * (found["num_statements"] + found["num_branches"])


def test_a_project_without_connectors_meets_the_coverage_gate(
    outcomes: Outcomes,
) -> None:
    tests = outcomes.project_alone.result()
    tests.assert_passed()
    assert not tests.skipped
    assert COVERAGE_MET.search(tests.done.stdout)


def test_with_every_server_every_test_runs_and_passes(outcomes: Outcomes) -> None:
    tests = outcomes.with_servers.result()
    tests.assert_passed()
    assert not tests.skipped
    assert tests.passed
    assert COVERAGE_MET.search(tests.done.stdout)


@pytest.mark.parametrize("package", EXTRAS)
def test_without_an_extra_its_tests_are_skipped_and_name_it(
    package: str, outcomes: Outcomes
) -> None:
    tests = outcomes.without.result()
    tests.assert_passed()
    # The contracts of tasks and flows hold without.
    assert tests.passed
    needed = [f"it needs acme[{extra}]" for extra, _ in EXTRAS.values()]
    mine = f"it needs acme[{EXTRAS[package][0]}]"
    assert any(mine in reason for reason in tests.skipped)
    assert all(any(each in reason for each in needed) for reason in tests.skipped)


@pytest.mark.parametrize("package", EXTRAS)
def test_without_an_extra_the_package_imports_and_the_class_names_it(
    package: str, golden: Path
) -> None:
    extra, name = EXTRAS[package]
    env = hide(environment(golden), package)
    command = [sys.executable, "-c", TRY_IMPORT.format(name=name)]
    done = run(command, env=env, cwd=golden)
    assert done.returncode == 0, done.stdout
    assert f"acme[{extra}]" in done.stdout
    assert package in done.stdout
