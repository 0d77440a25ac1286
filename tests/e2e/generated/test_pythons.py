"""The golden on every Python that it promises and that this machine has.

Each gets an environment of its own, installed without a lock file, as a user would.
`make matrix` takes them.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.generated.parts import copy_golden, environment, run
from tests.sweeps import only_whole

pytestmark = only_whole
VERSIONS = ("3.11", "3.12", "3.13")
UV = str(Path(sys.executable).with_name("uv"))
INDEX = os.environ.get("UV_DEFAULT_INDEX") or "https://pypi.org/simple/"
EXTRAS = "adls,polars,postgresql"
ABOUT = "import json, sys; print(json.dumps([*sys.version_info[:2], sys.executable]))"


def candidates(version: str) -> list[str]:
    """Name what may be a Python of this version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [str(path) for path in (pyenv / "versions").glob(f"{version}.*/bin/python")]
    on_path = shutil.which(f"python{version}")
    return [
        sys.executable,
        *sorted(found, reverse=True),
        *([on_path] if on_path else []),
    ]


@functools.cache
def interpreter(version: str) -> str | None:
    """Return a Python of this version that runs, or None. A shim may not run."""
    for program in candidates(version):
        done = subprocess.run(
            [program, "-c", ABOUT], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            *numbers, executable = json.loads(done.stdout)
            if ".".join(map(str, numbers)) == version:
                return str(executable)
    return None


PRESENT = [version for version in VERSIONS if interpreter(version)]

A_FLOW = """
from prefect import flow

def test_a_flow_runs(prefect_server):
    assert flow(lambda: 7, name="seven")() == 7
"""


class Environments:
    """An environment for each Python, made in the background."""

    def __init__(self, pool: ThreadPoolExecutor, folder: Path) -> None:
        self.folder = folder
        self._ready = {
            version: pool.submit(self._install, version) for version in PRESENT
        }
        self.tests: dict[str, Future[subprocess.CompletedProcess[str]]] = {
            version: pool.submit(self._test, version, "tests/unit", "tests/contracts")
            for version in self._ready
        }
        self.server = pool.submit(
            self._test, PRESENT[-1], "tests/integration/test_a_flow.py"
        )

    def installed(self, version: str) -> None:
        """Wait for an installation; skip the calling test without an index."""
        done = self._ready[version].result()
        if done.returncode and not index_answers():
            pytest.skip(f"{INDEX} can't be reached: {done.stdout[-500:]}")
        assert done.returncode == 0, done.stdout[-5000:]

    def program(self, version: str) -> Path:
        """Return the Python of an environment."""
        return self.folder / version / "bin" / "python"

    def project(self, version: str) -> Path:
        return self.folder / f"project-{version}"

    def _install(self, version: str) -> subprocess.CompletedProcess[str]:
        project = copy_golden(self.project(version))
        # The server is the fixture of the project's own conftest.py.
        (project / "tests/integration/test_a_flow.py").write_text(A_FLOW)
        env = environment(project, UV_PYTHON_DOWNLOADS="never")
        del env["PYTHONPATH"]
        made = run(
            [UV, "venv", "--python", interpreter(version) or "", self.folder / version],
            env=env,
            cwd=project,
        )
        if made.returncode:
            return made
        return run(
            [
                *(UV, "pip", "install", "--python", self.program(version)),
                *("--group", "dev", "--editable", f".[{EXTRAS}]"),
            ],
            env=env,
            cwd=project,
            seconds=600,
        )

    def _test(self, version: str, *tests: str) -> subprocess.CompletedProcess[str]:
        self._ready[version].result()
        project = self.project(version)
        env = environment(project, HOME=str(self.folder))
        del env["PYTHONPATH"]  # it is installed
        program = str(self.program(version))
        command = [program, "-m", "pytest", "-p", "no:cacheprovider", *tests]
        return run(command, env=env, cwd=project)


def index_answers() -> bool:
    """Ask the index for a package that we know to be there."""
    command = [UV, "pip", "install", "--dry-run", "--refresh", "--target", "."]
    done = subprocess.run([*command, "packaging"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environments]:
    # Two at a time; what waits for an installation was submitted after it.
    with ThreadPoolExecutor(2) as pool:
        yield Environments(pool, tmp_path_factory.mktemp("pythons"))


def test_a_supported_python_is_here() -> None:
    assert PRESENT


@pytest.mark.parametrize("version", VERSIONS)
def test_unit_and_contract_tests_pass_on(
    version: str, request: pytest.FixtureRequest
) -> None:
    if version not in PRESENT:
        pytest.skip(f"There is no Python {version} on this machine.")
    environments: Environments = request.getfixturevalue("environments")
    environments.installed(version)
    done = environments.tests[version].result()
    assert done.returncode == 0, done.stdout[-8000:]
    assert f"Python {version}." in done.stdout
    assert " skipped" not in done.stdout.splitlines()[-1]


def test_what_is_installed_without_a_lock_file_starts_the_server_of_prefect(
    environments: Environments,
) -> None:
    environments.installed(PRESENT[-1])
    done = environments.server.result()
    assert done.returncode == 0, done.stdout[-8000:]
    assert f"Python {PRESENT[-1]}." in done.stdout
