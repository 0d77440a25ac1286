"""Answers from files, settings and arguments, before the template is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sourcewright.errors import AnswerRefused
from sourcewright.rendering.answers import Answers, collect, refuse_unknown

if TYPE_CHECKING:
    from pathlib import Path


def test_arguments_settings_and_a_file_come_together(tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text("_commit: v1\ncomponent: source\ndestinations: [adls]\nkind: sql\n")
    answers = collect("source", {"name": "a"}, file=file, settings=["kind=x=y"])
    assert answers.as_data() == {
        "component": "source",
        "destinations": ["adls"],
        "kind": "x=y",
        "name": "a",
    }


@pytest.mark.parametrize(
    ("given", "settings", "what"),
    [
        ({"name": "a"}, ["name=b"], 'name is "a" and "b" at once'),
        ({}, ["component=flow"], 'component is "source" and "flow" at once'),
        ({}, ["name"], '"name" is not of the form key=value'),
        ({}, ["=a"], '"=a" is not of the form key=value'),
    ],
)
def test_what_contradicts_or_says_nothing_is_refused(
    given: dict[str, str | None], settings: list[str], what: str
) -> None:
    with pytest.raises(AnswerRefused, match=what):
        collect("source", given, settings=settings)


@pytest.mark.parametrize("text", ["- a\n", "a", "1: b\n", "[", "!!python/name:os.x ''"])
def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "answers.yml"
    file.write_text(text)
    with pytest.raises(AnswerRefused) as caught:
        collect("source", {}, file=file)
    assert caught.value.where == str(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnswerRefused, match="cannot read the answers"):
        collect("source", {}, file=tmp_path / "none.yml")


def test_an_unknown_key_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(AnswerRefused) as caught:
        refuse_unknown(Answers("source", (("dialekt", "x"),)), {"dialect", "kind"})
    assert caught.value.what == 'the template has no question "dialekt"'
    assert caught.value.next_step == 'did you mean "dialect"?'
