"""What the tests of every dialect share: a project from it to a folder.

`Project` runs the generated code in processes of its own.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.e2e.generated.parts import HERE, environment, run, write_config
from tests.golden import REPOSITORY, golden_of, render

TOOLS = {
    "format": ["ruff", "format", "--check", "--diff", "--no-cache"],
    "lint": ["ruff", "check", "--no-cache", "--output-format", "concise"],
    "types": ["mypy", "--cache-dir", str(REPOSITORY / ".mypy_cache" / "rendered")],
}
SKIPPED = "skipped"

Output: TypeAlias = Any  # what JSON holds


@dataclass(frozen=True)
class Case:
    """A column of one type, and what the database itself says of a value in it."""

    type_name: str
    value: str  # as SQL has it
    arrow: str
    said: str = "{}"  # an expression for the value's text, of the database's own


@dataclass(frozen=True)
class Refused:
    """A value that the run stops at, and a cast with which it arrives."""

    type_name: str
    value: str
    cast: str


@dataclass(frozen=True)
class Project:
    """A project that reads from one dialect and writes into a folder."""

    path: Path
    dialect: str
    class_name: str

    def command(self, tool: str) -> str:
        """Run a tool of our environment; give what it said, and no text if nothing."""
        name, *rest = TOOLS[tool]
        program = Path(sys.executable).with_name(name)
        done = run([program, *rest], env=environment(self.path), cwd=self.path)
        return done.stdout if done.returncode else ""

    def without(self, package: str) -> str:
        """Make the source where a package is missing; give the error's text."""
        env = environment(self.path)
        path = f"{HERE / 'missing'}:{env['PYTHONPATH']}"
        code = (
            "import acme.orchestration.prefect.flows, acme.sources as sources\n"
            f"sources.{self.class_name}(config_key='any')"
        )
        done = run(
            [sys.executable, "-c", code],
            env={**env, "PYTHONPATH": path, "HIDDEN": package},
            cwd=self.path,
        )
        assert "MissingExtraError" in done.stdout
        return done.stdout

    def read(
        self, credentials: Mapping[str, Any], queries: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what the generated source gives for each query."""
        order = {
            "class": self.class_name,
            "credentials": dict(credentials),
            "queries": dict(queries),
        }
        return dict(self._drive(order, environment(self.path)))

    def load(
        self,
        credentials: Mapping[str, Any],
        root: Path,
        query: str,
        prefect: Mapping[str, str],
    ) -> int:
        """Load a query into `file.parquet` by the flow in batches; give its rows."""
        order = {
            "flow": f"{self.dialect}_to_local_in_batches",
            "arguments": {
                "local_path": "file.parquet",
                "sql_query": query,
                f"{self.dialect}_config_key": "it",
                "local_config_key": "folder",
            },
        }
        config = write_config(
            self.path / "flow.yaml", {"it": credentials, "folder": {"root": str(root)}}
        )
        env = environment(self.path, config=config, **prefect)
        return int(self._drive(order, env))

    def tests(self, credentials: Mapping[str, Any], root: Path) -> str:
        """Run the tests of the source and of its flows; give pytest's report."""
        config = write_config(
            self.path / "tests.yaml",
            {f"{self.dialect}_test": credentials, "local_test": {"root": str(root)}},
        )
        modules = sorted(self.path.glob(f"tests/*/test_{self.dialect}*.py"))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        done = run(
            [*command, *modules],
            env=environment(self.path, config=config),
            cwd=self.path,
        )
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def _drive(self, order: dict[str, Any], env: dict[str, str]) -> Output:
        done = run(
            [sys.executable, HERE / "dialect_driver.py"],
            env=env,
            cwd=self.path,
            stdin=json.dumps(order),
        )
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout.splitlines()[-1])


def make(folder: Path, dialect: str, class_name: str) -> Project:
    """Render a project from a dialect to a folder."""
    render(folder, golden_of("source", dialect).applications)
    return Project(folder, dialect, class_name)


def same(case: Case, given: str, said: str) -> bool:
    """Say whether a value is what the database says; a float by its number."""
    if case.arrow in {"float", "double"}:
        return float(given) == float(said)
    return given == said
