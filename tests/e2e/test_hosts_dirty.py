"""Somebody works in the package: what is not committed stays as it is, where it is."""

from __future__ import annotations

import ast
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests.e2e.conftest import Checkout
from tests.sweeps import only_whole

if TYPE_CHECKING:
    from tests.e2e.conftest import Shell

TREE = Path(__file__).resolve().parents[1] / "hosts" / "prefect_and_config_of_its_own"
CODE = "src/harbour/connectors"
# In each file that components share, an edit that is staged, and one that is not.
EDITS = {
    "pyproject.toml": (
        ('version = "2026.1"', 'version = "2026.2"'),
        ("azure-identity>=1.19", "azure-identity>=1.20"),
    ),
    "prefect.yaml": (
        ("# Ours since 2024.", "# Ours since 2023."),
        ("  schedules:\n", "  schedules: # daily\n"),
    ),
    "config.yaml.example": (
        ("version: 1\n", "version: 1 # the form\n"),
        ("- tides:\n", "- ebb: {}\n- tides:\n"),
    ),
    ".env.example": (
        ("HARBOUR_TOKEN=\n", "HARBOUR_TOKEN=\nHARBOUR_USER=\n"),
        ("HARBOUR_TOKEN", "# To log in.\nHARBOUR_TOKEN"),
    ),
    "mypy.ini": (("[mypy]\n", "[mypy]\npretty = True\n"), ("files = src", "files=src")),
    f"{CODE}/sources/__init__.py": (
        ("from .base import", "import logging\n\nfrom .base import"),
        ("__all__", "logger = logging.getLogger(__name__)\n\n__all__"),
    ),
    f"{CODE}/orchestration/prefect/tasks/__init__.py": (
        ('"""', '# Tasks.\n"""'),
        ("[str] = []", "[str] = ['LIMIT']\nLIMIT = 1"),
    ),
    f"{CODE}/orchestration/prefect/flows/__init__.py": (
        ('"""', '# Flows.\n"""'),
        ("[str] = []", "[str] = ['LIMIT']\nLIMIT = 1"),
    ),
}


@pytest.fixture
def host(tmp_path: Path, shell: Shell, plain_template: Path) -> Checkout:
    """A package that is prepared, committed, and then worked on."""
    made = Checkout(shutil.copytree(TREE, tmp_path / "harbour"), shell)
    made.git("init", "--quiet", "--initial-branch=main")
    assert _run(made, "init", "--template", str(plain_template)) == cli.DONE
    made.commit("prepared")
    for edits in zip(*EDITS.values(), strict=True):
        for path, (old, new) in zip(EDITS, edits, strict=True):
            text = made.read(path)
            assert old in text, path
            made.write(path, text.replace(old, new, 1))
        if edits[0] == EDITS["pyproject.toml"][0]:
            made.git("add", "--all")
    made.write("notes.txt", "not for git\n")
    return made


def _run(host: Checkout, *words: str) -> int:
    return cli.run([*words, "--project", str(host.path)])


def _changed(host: Checkout) -> Counter[str]:
    """Return the lines that differ from the last commit, each with its sign."""
    rows = host.git("diff", "HEAD", "--unified=0").splitlines()
    return Counter(
        row for row in rows if row[0] in "+-" and row[:3] not in {"+++", "---"}
    )


def _exported(text: str) -> list[str]:
    """Return the entries of a module's `__all__`."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "__all__":
            assert node.value, "a list without a value"
            return list(ast.literal_eval(node.value))
    return []


def test_what_is_not_committed_stays_below_what_is_added(
    host: Checkout, plain_template: Path
) -> None:
    before, changed = host.files(), _changed(host)
    staged, unstaged = host.git("diff", "--cached"), host.git("diff")
    assert _run(
        host, "add", "source", "postgresql", "--template", str(plain_template)
    ) == (cli.DONE)
    assert host.git("diff", "--cached") == staged
    # A list on one line gets an entry, and is another line then.
    lost = {row for row in changed - _changed(host) if "__all__" not in row}
    assert lost <= {'+adls = ["azure-identity>=1.20"]'}
    for path in EDITS:
        if path.endswith(".py"):
            mine = _exported(before[path].decode())
            assert mine
            assert [e for e in _exported(host.read(path)) if e in mine] == mine
    edited = [path for path in EDITS if host.files()[path] != before[path]]
    assert set(edited) == set(EDITS) - {"mypy.ini"}

    assert _run(host, "remove", "source-postgresql") == cli.DONE
    assert _run(host, "remove", "adls") == cli.DONE
    assert host.files() == before
    assert host.git("diff", "--cached") == staged
    assert host.git("diff") == unstaged


def test_the_package_is_given_back_with_what_was_done_in_it_since(
    host: Checkout,
) -> None:
    mine = {path: host.read(path) for path in EDITS if path.startswith("src")}
    assert _run(host, "remove", "project") == cli.DONE
    committed = host.git("ls-tree", "-r", "--name-only", "HEAD").split()
    assert ".sourcewright/project/answers.yml" in committed
    # What was written into files that were made for it stays; so does all else of mine.
    left = {path for path in host.files() if path.startswith(f"{CODE}/")}
    assert left == set(mine)
    for path in ("pyproject.toml", "mypy.ini", "prefect.yaml"):
        text = (TREE / path).read_text("utf-8")
        for old, new in EDITS[path]:
            text = text.replace(old, new, 1)
        assert host.read(path) == text


def test_a_shared_file_that_is_gone_is_told_with_the_lines_to_add(
    host: Checkout, plain_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (host.path / "prefect.yaml").unlink()
    before = host.files()
    code = _run(host, "add", "source", "postgresql", "--template", str(plain_template))
    assert code == cli.LEFT
    said = capsys.readouterr().out
    assert "pending  prefect.yaml: there is no such file" in said
    assert "deployments:\n" in said
    assert _run(host, "remove", "source-postgresql") == cli.DONE
    assert _run(host, "remove", "adls") == cli.DONE
    assert host.files() == before


def test_a_setting_that_was_moved_stops_what_would_go_elsewhere(
    host: Checkout, plain_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host.replace(
        "pyproject.toml", 'tests-folder = "tests/', 'tests-folder = "elsewhere/'
    )
    before = host.files()
    code = _run(host, "add", "source", "postgresql", "--template", str(plain_template))
    assert code == cli.FIXABLE
    said = capsys.readouterr().err
    assert 'tests-folder is "elsewhere/harbour_connectors"' in said
    assert 'write "tests/harbour_connectors" there again' in said
    assert "Nothing was written." in said
    assert host.files() == before


@only_whole
def test_an_update_brings_what_is_new_and_everything_can_still_be_given_back(
    tmp_path: Path, shell: Shell, template: Checkout
) -> None:
    newer = Checkout(shutil.copytree(template.path, tmp_path / "template"), shell)
    newer.release("v1.0.0")
    made = Checkout(shutil.copytree(TREE, tmp_path / "harbour"), shell)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("the package")
    before = made.files()
    old = ("--template", str(newer.path), "--vcs-ref", "v1.0.0")
    assert _run(made, "init", *old) == cli.DONE
    assert _run(made, "add", "source", "postgresql", *old) == cli.DONE
    made.commit("a source")

    edits = "template/project/.sourcewright/project/edits.yml.jinja"
    newer.replace(edits, "'pyarrow>=21'", "'pyarrow>=22'")
    module = "template/project/{{ code }}/signals.py.jinja"
    newer.write(module, f"{newer.read(module)}\n\nNEWER = True\n")
    newer.release("v2.0.0")
    assert _run(made, "update", "--trust", "--vcs-ref", "v2.0.0") == cli.DONE
    assert '"pyarrow>=22"' in made.read("pyproject.toml")
    assert made.read(f"{CODE}/signals.py").endswith("NEWER = True\n")
    for application in ("source-postgresql", "adls", "project"):
        assert _run(made, "remove", application) == cli.DONE
    assert made.files() == before
