"""Connectors of every earlier release of this major version work on today's runtime.

What a release generates is in its goldens, which git has at its tag. Those of the
working tree are tried too; before the first release they are the only ones.
"""

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from sourcewright.services import PrefectServer

from tests.e2e.generated.parts import environment, run, write_config
from tests.golden import REFERENCE, REPOSITORY
from tests.runtime.places import DatabaseFile, Files, Place, Warehouse

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
MAJOR = Version(PROJECT["version"]).major
# Imports every module, looks at every connector, and runs every flow that it is given.
PROGRAM = """
import importlib, inspect, json, pkgutil, re, sys
import acme
for module in pkgutil.walk_packages(acme.__path__, "acme."):
    importlib.import_module(module.name)
from acme import sources
from acme.orchestration.prefect import flows
for connector in (getattr(sources, name) for name in sources.__all__):
    _, _, told = inspect.getdoc(connector).partition("Credentials: ")
    fields, _, option = told.partition(". Option: ")
    named = set(re.findall(r"`([a-z_]+)`", fields.partition(".")[0]))
    assert named <= {*connector.credentials_model.model_fields}, (connector, named)
    options = set(re.findall(r"`([a-z_]+)`", option.partition(".")[0]))
    assert options <= {*inspect.signature(connector).parameters}, (connector, options)
for name, arguments in json.load(sys.stdin).items():
    getattr(flows, name)(**arguments)
"""


def git(*arguments: str) -> bytes:
    """Run git in the repository, and return its output."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True)
    return done.stdout


def earlier() -> list[str]:
    """Return the tags of this major version's releases; none without git."""
    if not (REPOSITORY / ".git").exists():
        return []
    tags = git("tag", "--list", "v[0-9]*", "--merged", "HEAD").decode().split()
    return [tag for tag in tags if Version(tag).major == MAJOR]


def goldens_of(tag: str, folder: Path) -> Path:
    """Return the folder of a release's goldens; without a tag, today's."""
    if not tag:
        return REFERENCE
    content = io.BytesIO(git("archive", "--format=zip", tag, "tests/reference"))
    with zipfile.ZipFile(content) as archive:
        archive.extractall(folder)
    return folder / "tests" / "reference"


def lay(goldens: Path, project: Path) -> None:
    """Make one package of all goldens' connectors, tasks and flows, on our runtime."""
    package = project / "src" / "acme"
    for path in sorted(goldens.rglob("src/acme/**/*.py")):
        place = package / str(path).partition("/src/acme/")[2]
        if place.relative_to(package).parts[0] != "runtime":
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    shutil.copytree(REPOSITORY / "template" / "runtime", package / "runtime")
    prefect = package / "orchestration" / "prefect"
    for folder in (package / "sources", prefect / "tasks", prefect / "flows"):
        lines, names = [], []
        for path in sorted(folder.glob("[!_]*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef):
                    lines.append(f"from .{path.stem} import {node.name}\n")
                    names.append(node.name)
        if folder.name == "sources":  # a class of credentials is no connector
            names = [name for name in names if not name.endswith("Credentials")]
        exports = f"{''.join(lines)}__all__ = {names}\n"
        (folder / "__init__.py").write_text(exports, encoding="utf-8")


@pytest.mark.parametrize("tag", [*earlier(), ""], ids=lambda tag: tag or "today")
def test_connectors_of_a_release_work_on_this_runtime(  # noqa: PLR0917
    tag: str,
    tmp_path: Path,
    lake: Files,
    store: Files,
    folder: Files,
    warehouse: Warehouse,
    database_file: DatabaseFile,
    prefect_server: PrefectServer,
) -> None:
    lay(goldens_of(tag, tmp_path), tmp_path / "project")
    keys: dict[str, dict[str, Any]] = {
        "postgresql": warehouse.credentials,
        "custom": {"token": "canary"},
        "adls": lake.through(lake.port),
        "s3": store.through(store.port),
        "local": {"root": str(tmp_path)},
        "warehouse": warehouse.credentials,
        "duckdb": {"path": str(database_file.path)},
    }
    replacing, upsert = {"overwrite": True}, {"mode": "upsert", "key": ["number"]}
    query = {"sql_query": "SELECT 1 AS number, 'row 1' AS text"}
    cases: dict[str, dict[str, Any]] = {}
    written: list[tuple[Place, str]] = []
    for source, argument, place, more in (
        ("custom", "local_path", folder, {"query": "1", **replacing}),
        ("postgresql", "local_path", folder, query | replacing),
        ("postgresql", "adls_path", lake, query | replacing),
        ("postgresql", "s3_path", store, query | replacing),
        ("postgresql", "warehouse_table", warehouse, query | upsert),
        ("postgresql", "duckdb_table", database_file, query | upsert),
    ):
        name = argument.partition("_")[0]
        ends = {f"{end}_config_key": end for end in (source, name)}
        for manner in ("", "_in_batches"):
            written.append((place, place.fresh()))
            where = {argument: written[-1][1]}
            cases[f"{source}_to_{name}{manner}"] = {**where, **ends, **more}
    config = write_config(tmp_path / "config.yaml", keys)
    own = {"HOME": str(tmp_path), **prefect_server.environment}
    env = environment(tmp_path / "project", config=config, **own)
    command = [sys.executable, "-c", PROGRAM]
    done = run(command, env=env, cwd=tmp_path, stdin=json.dumps(cases))
    assert done.returncode == 0, done.stdout[-5000:]
    for each, target in written:
        assert each.rows(target) == [{"number": 1, "text": "row 1"}]


def test_every_release_in_the_changelog_is_a_tag() -> None:
    changes = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"(?m)^## \[?(\d+\.\d+\.\d+)", changes)
    wanted = {f"v{each}" for each in released if Version(each).major == MAJOR}
    assert wanted <= {*earlier()}, "run: git fetch --tags"
