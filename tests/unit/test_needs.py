"""What an application imports and does not make itself is asked for by name."""

from pathlib import Path

import pytest
from sourcewright import checks, reporting
from sourcewright.commands import weave
from sourcewright.errors import LedgerError
from sourcewright.weave.python_source import binds

TASKS = "src/acme/tasks/__init__.py"
EDITS = f"""\
version: 1
edits: []
needs:
  - file: {TASKS}
    name: df_to_adls
    answers: component=destination, name=adls
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    tasks = tmp_path / TASKS
    tasks.parent.mkdir(parents=True)
    tasks.write_text("from .local import df_to_local\n", encoding="utf-8")
    edits = tmp_path / ".sourcewright" / "source-postgresql" / "edits.yml"
    edits.parent.mkdir(parents=True)
    edits.write_text(EDITS, encoding="utf-8")
    return tmp_path


def test_what_is_missing_is_told_with_the_answers_that_make_it(project: Path) -> None:
    _, outcome = weave.weave(project)
    told = "\n".join(reporting.lines_of(outcome))
    assert "df_to_adls, which source-postgresql imports" in told
    assert "component=destination, name=adls" in told
    assert "SW103" in {finding.code for finding in checks.check_project(project)}


def test_what_is_there_is_not_asked_for(project: Path) -> None:
    (project / TASKS).write_text("from .adls import df_to_adls\n", encoding="utf-8")
    _, outcome = weave.weave(project)
    assert outcome.missing == ()
    assert checks.check_project(project) == []


@pytest.mark.parametrize("text", [None, "def (:\n"], ids=["no file", "not Python"])
def test_a_module_that_can_not_be_read_makes_nothing(
    project: Path, text: str | None
) -> None:
    if text is None:
        (project / TASKS).unlink()
    else:
        (project / TASKS).write_text(text, encoding="utf-8")
    _, outcome = weave.weave(project)
    assert [need.name for _, need in outcome.missing] == ["df_to_adls"]


def test_a_need_of_another_shape_is_refused(project: Path) -> None:
    edits = project / ".sourcewright" / "source-postgresql" / "edits.yml"
    edits.write_text(EDITS.replace("answers:", "answer:"), encoding="utf-8")
    with pytest.raises(LedgerError, match="has a need that isn't made of answers"):
        weave.weave(project)


@pytest.mark.parametrize(
    "text",
    [
        "from .adls import df_to_adls",
        "from .adls import upload as df_to_adls",
        "def df_to_adls(): ...",
        "class df_to_adls: ...",
        "df_to_adls = make()",
        "if True:\n    from .adls import df_to_adls",
    ],
)
def test_a_name_is_bound_by_an_import_or_a_definition(text: str) -> None:
    assert binds(text, "df_to_adls")


@pytest.mark.parametrize(
    "text", ["", "from .adls import df_to_adls as upload", "df_to_adls()"]
)
def test_a_name_is_not_bound_by_its_mention(text: str) -> None:
    assert not binds(text, "df_to_adls")
