"""What every project has to pass as it is rendered: three tools, and its own tests."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.generated.parts import copy_project, environment, run
from tests.golden import REPOSITORY

TOOLS = {
    "format": ["ruff", "format", "--check", "--diff", "--no-cache"],
    "lint": ["ruff", "check", "--no-cache", "--output-format", "concise"],
    # With the cache of `make lint`: mypy knows most of the other packages from there.
    "types": ["mypy", "--cache-dir", str(REPOSITORY / ".mypy_cache")],
}

# A project's own starts a server; here all share the session's.
SHARED_SERVER = '''\
import pytest


@pytest.fixture(scope="session")
def prefect_server() -> None:
    """Nothing to do: the environment names a server that runs already."""
'''


def said_by(tool: str, project: Path) -> str:
    """Run a tool of our environment; return what it said, and no text if nothing."""
    name, *rest = TOOLS[tool]
    program = Path(sys.executable).with_name(name)
    done = run([program, *rest], env=environment(project), cwd=project)
    return done.stdout[-5000:] if done.returncode else ""


def report_of_tests(
    project: Path,
    folder: Path,
    patterns: Sequence[str],
    *,
    config: Path | None = None,
    servers: Mapping[str, str] | None = None,
) -> str:
    """Run a project's own tests, which have to pass; return pytest's report.

    Args:
        project: It stays as it is.
        folder: Where a copy of it may be made, in which the tests run.
        patterns: Of the tests' modules, in the project.
        config: The configuration that they read.
        servers: The variables that name Prefect's server.
    """
    copy = copy_project(project, folder / "tested")
    if servers:
        conftest = copy / "tests" / "integration" / "conftest.py"
        conftest.write_text(SHARED_SERVER, encoding="utf-8")
    modules = sorted({path for each in patterns for path in copy.glob(each)})
    assert modules, f"no module is called {' or '.join(patterns)}"
    done = run(
        [sys.executable, "-m", "pytest", "-q", "-rs", *modules],
        env=environment(copy, config=config, **(servers or {})),
        cwd=copy,
        seconds=550,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout
