"""What we lean on in Copier: its public function, and what that gives back."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import copier
import pytest
from sourcewright.errors import TemplateUnusable
from sourcewright.rendering import render
from sourcewright.rendering.answers import Answers
from sourcewright.rendering.checkout import lay_out
from sourcewright.tree import Tree

PACKAGE = Path(render.__file__).parent


def test_nothing_private_of_copier_is_imported() -> None:
    for module in PACKAGE.rglob("*.py"):
        assert not re.search(r"copier\._|import _main", module.read_text("utf-8")), (
            module
        )
    assert "run_copy" in copier.__all__


def test_what_run_copy_takes_and_gives_is_what_we_use(tmp_path: Path) -> None:
    taken = set(inspect.signature(copier.run_copy).parameters)
    options = {"vcs_ref", "defaults", "overwrite", "quiet", "skip_tasks"}
    assert options | {"src_path", "dst_path", "data"} <= taken
    (tmp_path / "template").mkdir()
    config = "_skip_if_exists: [a]\nname: {type: str, default: x}\n"
    (tmp_path / "template/copier.yml").write_text(config)
    given = str(tmp_path / "template"), tmp_path / "made"
    worker = copier.run_copy(*given, {}, defaults=True, quiet=True)
    assert worker.answers.combined["name"] == "x"
    assert worker.template.questions_data.keys() == {"name"}
    assert worker.match_skip(Path("a"))
    assert not worker.match_skip(Path("b"))


def test_a_template_without_components_is_refused(tmp_path: Path) -> None:
    (tmp_path / "template").mkdir()
    (tmp_path / "template/copier.yml").write_text("name: {type: str, default: x}\n")
    template = render.template(str(tmp_path / "template"))
    with pytest.raises(TemplateUnusable, match="not a template for connectors"):
        render.render(template, Answers("project"), Tree(tmp_path / "made"))


@pytest.mark.parametrize("ref", ["--upload-pack=touch x", "no-such-ref", ""])
def test_what_git_can_not_lay_out_is_left_to_copier(ref: str, tmp_path: Path) -> None:
    repository = PACKAGE.parents[1]
    assert lay_out(str(repository), ref, tmp_path / "made") is None
    assert lay_out(str(tmp_path), "HEAD", tmp_path / "made") is None
    assert not (tmp_path / "made").exists()
    assert not (repository / "x").exists()


def test_the_workflows_of_a_project_name_actions_by_commit() -> None:
    folder = Path(__file__).parents[2] / "template/project/.github/workflows"
    used = [
        line
        for file in folder.iterdir()
        for line in file.read_text().splitlines()
        if "uses:" in line
    ]
    assert used
    for line in used:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)
