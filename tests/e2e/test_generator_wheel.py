"""An installed wheel has all it needs: no checkout, no git repository, no network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import golden

if TYPE_CHECKING:
    from tests.e2e.conftest import Shell

REPOSITORY = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in an environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    locked = folder / "locked.txt"
    export = ["export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes"]
    build = ["build", "--wheel", "--out-dir", str(folder / "dist")]
    # The build's own tools come from the cache where they are in it.
    for options in (["--offline"], []):
        done = subprocess.run([UV, *build, *options], cwd=REPOSITORY, check=False)
        if done.returncode == 0:
            break
    (wheel,) = (folder / "dist").glob("*.whl")
    python = ["--python", str(folder / "venv")]
    for command in (
        [*export, "--output-file", str(locked)],
        ["venv", "--python", sys.executable, str(folder / "venv")],
        ["pip", "install", *python, "--constraints", str(locked), str(wheel)],
    ):
        subprocess.run([UV, "--quiet", *command], cwd=REPOSITORY, check=True)
    return folder / "venv" / "bin" / "sourcewright"


def offline() -> list[str]:
    """Return what a command is run with to have no network, if the system lets us."""
    command = ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare"):
        done = subprocess.run([*command, "true"], capture_output=True, check=False)
        if done.returncode == 0:
            return command
    return []


def test_an_installed_wheel_makes_the_golden_without_a_network(
    installed: Path, shell: Shell, tmp_path: Path
) -> None:
    # Were there no namespace to be had, a proxy that isn't there does for downloads.
    nowhere = {f"{each}_PROXY": "http://127.0.0.1:9" for each in ("HTTP", "HTTPS")}
    alone = type(shell)({**shell.environment, **nowhere})
    project = tmp_path / "acme"
    new = ("new", "acme", "--set", "project_name=Acme Pipelines", "--set")
    alone.said(*offline(), installed, *new, "package=acme", folder=tmp_path)
    source = ("add", "source", "postgresql")
    said = alone.said(*offline(), installed, *source, folder=project)
    assert "create  src/acme/sources/azure_data_lake.py" in said
    answers = (project / ".sourcewright/source-postgresql/answers.yml").read_text()
    assert "\n_commit: v0.1.0\n_src_path: sourcewright\n" in answers
    for text in golden.files(project).values():
        assert str(installed.parent.parent).encode() not in text
    golden.pin_template(project)
    assert golden.files(project) == golden.files(golden.GOLDEN)


def test_what_came_from_a_wheel_is_updated_from_a_repository_only(
    installed: Path, shell: Shell, tmp_path: Path
) -> None:
    project = tmp_path / "acme"
    shell.said(installed, "new", "acme", folder=tmp_path)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "new"]):
        shell.said("git", *command, folder=project)
    done = shell.run(installed, "update", folder=project)
    assert done.returncode == 1
    assert "project comes from a template that is not in git" in done.stdout
    assert "_src_path" in done.stdout
