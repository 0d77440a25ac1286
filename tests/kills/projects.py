"""The commands that are stopped, and a project for each."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.conftest import Checkout, point_at
from tests.kills.command import Command

HOST = Path(__file__).resolve().parents[1] / "hosts" / "src_hatch_ruff_mypy"
COMMANDS = ("new", "add", "remove", "update", "weave")


def made(
    name: str,
    acme: Checkout,
    template: Checkout,
    folder: Path,
    *,
    root: Path | None = None,
) -> Command:
    """Return the command of that name, on a copy of `acme` in `folder` or in `root`."""
    source = ("--template", str(template.path), "--vcs-ref", "HEAD")
    arguments = {
        "new": (
            "--set",
            "project_name=Acme Pipelines",
            "--set",
            "package=acme",
            *source,
        ),
        "init": source,
        "add": ("source", "orders_db", "--set", "destinations=[local]", *source),
        "remove": ("source-postgresql",),
        "update": ("--trust",),
    }.get(name, ())
    given = None
    if name == "init":
        given = shutil.copytree(HOST, folder / "given")
    elif name != "new":
        given = folder / "given"
        project = Checkout(shutil.copytree(acme.path, given), acme.shell)
        project.git("gc", "--quiet")
        if name == "update":
            _release(template, project, folder / "newer")
        elif name == "weave":
            _take_back(project)
    return Command(
        name,
        *arguments,
        given=given,
        folder=folder.resolve() / name,
        environment=acme.shell.environment,
        root=root,
    )


def _release(template: Checkout, project: Checkout, folder: Path) -> None:
    """Give the project's template a version that edits, makes and deletes files."""
    newer = Checkout(shutil.copytree(template.path, folder), template.shell)
    newer.release("v1.0.0")
    point_at(project, newer, "v1.0.0")
    task = "template/kinds/connectors/source_task.py.jinja"
    newer.replace(task, "retries=3", "retries=5")
    newer.replace("template/kinds/table.yml", "adlfs>=2026.4", "adlfs>=2026.5")
    newer.write("template/project/{{ docs_folder }}/new/page.md", "# New\n")
    newer.git("rm", "--quiet", "template/project/.github/workflows/ci.yml")
    newer.release("v2.0.0")


def _take_back(project: Checkout) -> None:
    """Leave the weave to do: entries of the ledger's that are asked for no more."""
    shutil.rmtree(project.path / ".sourcewright/source-postgresql")
    for application in ("project", "destination-adls"):
        path = f".sourcewright/{application}/edits.yml"
        project.write(path, "version: 1\nedits: []\n")
