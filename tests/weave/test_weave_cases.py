"""Golden pairs: given, edits, expected. And a table of what must be refused."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from sourcewright import ledger
from sourcewright.changes import (
    Dependency,
    Export,
    Item,
    Lines,
    Reference,
    Settings,
)

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/edits.yml"))


def _texts(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_weaving_gives_the_expected_file_then_nothing_more_and_back(case, project_of):
    edits = ledger.parse("a", (case / "edits.yml").read_text(), None).edits
    project = project_of(_texts(case / "given"))
    plan = project.ask("a", *edits)
    assert plan.pending == ()
    assert project.texts == _texts(case / "expected")
    assert project.weave().changes == ()
    project.leave("a")
    assert project.texts == _texts(case / "given")
    assert project.woven == {}


INIT = "a/__init__.py"
EXPORT = Export(INIT, ".postgresql", "PostgreSQL")
GUARDED = Export(INIT, ".postgresql", "PostgreSQL", "psycopg2")
NAV = Item("mkdocs.yml", ("nav", "Sources"), "PostgreSQL: p.md")
EXTRA = Dependency("pyproject.toml", "adlfs>=2026.4", "adls")
NEED = Dependency("pyproject.toml", "adlfs>=2026.4")
REFERENCE = Reference("page.md", "acme.a")
ENV = Lines(".env.example", "# A\nA=")
ENTRY = Lines("config.yaml.example", "- orders_dev:\n    class: Orders", "sources:")
BLACK = Settings("pyproject.toml", "[tool.black]\nforce-exclude = 'a'")
MYPY = Settings("pyproject.toml", '[[tool.mypy.overrides]]\nmodule = ["a.*"]')
OPTION = Dependency("setup.cfg", "adlfs>=2026.4")
PROGRAM = Dependency("setup.py", "adlfs>=2026.4")
POETRY = Settings("pyproject.toml", '[tool.poetry.dependencies]\npyyaml = "^6"')
FLAKE8 = Settings("setup.cfg", "[flake8]\nextend-exclude = a,b")

REFUSED = [
    (EXPORT, "def broken(:\n", "not valid Python"),
    (EXPORT, "__all__ = list(names)\n", "not a list"),
    (EXPORT, "__all__ = ['A']\n__all__ = ['B']\n", "more than once"),
    (EXPORT, "if x:\n    __all__ = ['A']\n", "not a list"),
    (EXPORT, "from .mysql import PostgreSQL\n", "bound to something else"),
    (EXPORT, "class PostgreSQL: ...\n", "bound to something else"),
    (EXPORT, "__all__ = ['PostgreSQL']\n", "not imported"),
    (EXPORT, "from .postgresql import PostgreSQL\n__all__ = []\n", "not in __all__"),
    (EXPORT, "from .a import A; x = 1\n", "several statements"),
    (EXPORT, "__all__, x = ['A'], 1\n", "not a list"),
    (GUARDED, "__all__ = sorted(names)\n", "not a list"),
    (NAV, "nav:\n  - Home: index.md\n", 'no "nav > Sources"'),
    (NAV, "", 'no "nav"'),
    (NAV, "nav: text\n", 'no "nav > Sources"'),
    (NAV, "nav:\n  - Sources: a.md\n", "not a list"),
    (NAV, "nav:\n  - Sources: []\n  - Sources: []\n", "more than one"),
    (NAV, "nav:\n  - Sources:\n      - PostgreSQL: other.md\n", "another item"),
    (NAV, "nav:\n  - Sources: &s\n      - A: a.md\nmore: *s\n", "through an alias"),
    (NAV, "nav:\n  - Sources: &s []\n", "a tag or an anchor"),
    (NAV, "nav: [\n", "valid YAML"),
    (NAV, "nav: []\n---\nnav: []\n", "valid YAML"),
    (NAV, "nav: {Sources: []}\n", "does not stand alone"),
    (EXTRA, "[tool.x]\n", "no [project]"),
    (EXTRA, "[project]\ndynamic = ['optional-dependencies']\n", "dynamic"),
    (EXTRA, "[project.optional-dependencies]\nadls = ['adlfs>=1']\n", "asks for"),
    (EXTRA, "project = {name = 'x'}\n", "not written as a table"),
    (NEED, "[project]\ndependencies = 'x'\n", "not a list"),
    (NEED, "project.name = 'x'\n", "not written as a table"),
    (NEED, "[project]\ndynamic = ['dependencies']\n", "dynamic"),
    (NEED, "[project]\ndependencies = ['adlfs<2026']\n", "asks for"),
    (NEED, "[project]\ndependencies = ['adlfs>2026.3']\n", "asks for"),
    (NEED, "[project]\ndependencies = ['adlfs']\n", "asks for"),
    (NEED, "[project]\ndependencies = ['adlfs @ file:///x']\n", "asks for"),
    (NEED, "[project]\ndependencies = [1]\n", "something else"),
    (NEED, "[project\n", "not valid TOML"),
    (REFERENCE, "```\n", "does not end"),
    (REFERENCE, "<!-- \n", "does not end"),
    (ENV, "export A=1\n", "set in it already"),
    (ENTRY, "", "does not end with a list"),
    (ENTRY, "sources:\n  - a:\nmore: 1\n", "does not end with a list"),
    (ENTRY, "sources:\n- a:\n    class: A\n", "does not end with a list"),
    (ENTRY, "sources: []\n", "does not end with a list"),
    (ENTRY, "sources:\n  - orders_dev:\n      class: B\n", "another"),
    (BLACK, "[tool.black]\nforce-exclude = 'b'\n", "tool.black has force-exclude"),
    (BLACK, "tool.black.line-length = 9\n", "not valid TOML"),
    (BLACK, "[tool]\nblack = 1\n", "tool.black is no table"),
    (BLACK, "[tool\n", "not valid TOML"),
    (MYPY, "[tool.mypy]\noverrides = []\n", "not valid TOML"),
    (MYPY, "[tool.mypy.overrides]\na = 1\n", "is no list of tables"),
    (POETRY, "[tool.poetry.dependencies]\nPyYAML = '^6'\n", "has PyYAML already"),
    (OPTION, "[metadata]\nname = x\n", "no section [options]"),
    (OPTION, "[options]\ninstall_requires = a\n", "not a list of lines"),
    (OPTION, "[options]\ninstall_requires =\n  adlfs<2026\n", "asks for"),
    (OPTION, "[options]\ninstall_requires =\n  a\n# why\n  adlfs<2026\n", "asks for"),
    (OPTION, "[options]\ninstall_requires =\n; why\n  adlfs<2026\n", "asks for"),
    (OPTION, "[options]\ninstall-requires =\n  a\n", "an older name"),
    (OPTION, "[options]\ninstall-requires: a\ninstall_requires =\n", "an older name"),
    (OPTION, "[options\n", "not valid INI"),
    (PROGRAM, "from setuptools import setup\n\nsetup()\n", "is a program"),
    (PROGRAM, "setup(\n", "not valid Python"),
    (FLAKE8, "[flake8]\nextend-exclude=b\n", "flake8 has extend-exclude"),
    (FLAKE8, "x = 1\n", "not valid INI"),
    (FLAKE8, "[flake8]\n[flake8]\n", "not valid INI"),
]


@pytest.mark.parametrize(("edit", "text", "reason"), REFUSED)
def test_what_has_no_place_is_refused_with_the_lines_to_add(
    edit, text, reason, project_of
):
    project = project_of({edit.file: text})
    plan = project.ask("a", edit)
    assert project.texts == {edit.file: text}
    (_, pending), *_ = plan.pending[-1:]
    assert reason in pending.reason
    assert pending.edit == edit
    assert pending.by_hand
    assert project.weave().changes == ()


FOUND = [
    (EXPORT, "from acme.postgresql import PostgreSQL\n__all__ = ['PostgreSQL']\n"),
    (EXPORT, "try:\n    from .postgresql import PostgreSQL\nexcept E:\n    x = 1\n"),
    (NAV, "nav: \n  - Sources: [PostgreSQL: p.md]\n"),
    (NAV, "nav: \n  - Sources:\n      - 'PostgreSQL': 'p.md'  # mine\n"),
    (EXTRA, "[project]\noptional-dependencies = {adls = ['adlfs >=2026.4']}\n"),
    (NEED, "[project]\ndependencies = [ 'adlfs>=2026.4' ]\n"),
    (NEED, "[project]\ndependencies = ['ADLFS[abfs]~=2026.5']\n"),
    (OPTION, "[options]\ninstall_requires =\n  adlfs==2026.8.*\n"),
    (REFERENCE, "::: acme.a\n    options:\n      x: 1\n"),
    (ENV, "# A\nA="),
    (ENTRY, "sources:\n    - orders_dev:\n        class: Orders\n# the end\n"),
    (BLACK, "[tool]\nblack = {force-exclude = 'a', line-length = 9}\n"),
    (MYPY, "[[tool.mypy.overrides]]\nmodule = [ 'a.*' ]\n"),
    (FLAKE8, "[flake8]\nextend-exclude: a,b\nx = 1\n"),
    (OPTION, "[options]\ninstall_requires:\n\tadlfs>=2026.4\n"),
    (PROGRAM, "setup(install_requires=['adlfs>=2026.4'])\n"),
]


@pytest.mark.parametrize(("edit", "text"), FOUND)
def test_what_is_there_by_hand_is_accepted_and_never_taken_out(edit, text, project_of):
    project = project_of({edit.file: text})
    assert project.ask("a", edit).pending == ()
    assert "found: true" in project.woven["a"]
    project.leave("a")
    assert project.texts == {edit.file: text}


def _dresses(text):
    yield text.replace("\r\n", "\n").replace("\n", "\r\n")
    yield text.rstrip("\r\n")
    yield f"{text}\n\n"
    if not text.startswith("\ufeff"):
        yield "\ufeff" + text


def test_every_case_in_another_dress_is_woven_or_refused_and_never_wrong(project_of):
    outcomes = Counter()
    for case in CASES:
        edits = ledger.parse("a", (case / "edits.yml").read_text(), None).edits
        for path, text in _texts(case / "given").items():
            for dressed in _dresses(text):
                project = project_of({path: dressed})
                plan = project.ask("a", *edits)
                outcomes["refused" if plan.pending else "edited"] += 1
                if plan.pending:
                    assert project.texts == {path: dressed}
                # Of the newlines, none is of another kind than the others.
                assert _newlines(project.texts[path]) <= (_newlines(dressed) or {"\n"})
                assert project.weave().changes == ()
                project.leave("a")
                assert project.texts == {path: dressed}
    print(f"\n{len(CASES)} cases in other dresses: {dict(outcomes)}")
    assert outcomes["refused"] <= 0.05 * outcomes.total()


def _newlines(text):
    return set(re.findall(r"\r\n|\r|\n", text))


BETWEEN = [
    (EXPORT, "__all__ = ['A']\n", ("'A'", "'A', 'Mine'"), "__all__ = ['A', 'Mine']\n"),
    (EXPORT, "x = 1\n", ("x = 1", "x = 2"), "x = 2\n"),
    (
        NAV,
        "nav:\n  - Sources: []\n",
        ("      - PostgreSQL", "      - Mine: m.md  # mine\n      - PostgreSQL"),
        "nav:\n  - Sources:\n      - Mine: m.md  # mine\n",
    ),
    (
        EXTRA,
        "[project]\nname = 'x'\n",
        (
            "[project.optional-dependencies]",
            "[project.optional-dependencies]\nmine = []",
        ),
        "[project]\nname = 'x'\n\n[project.optional-dependencies]\nmine = []\n",
    ),
    (
        NEED,
        "[project]\ndependencies = []\n",
        ('"adlfs', '"aaa", "adlfs'),
        '[project]\ndependencies = ["aaa"]\n',
    ),
    (REFERENCE, "# A\n", ("acme.a", "acme.a\n\nMine."), "# A\n\nMine.\n"),
    (
        EXPORT,
        f"__all__ = ['A', 'B{'b' * 60}']\n",
        ("    'PostgreSQL',\n", "    'PostgreSQL',\n    'Mine',\n"),
        f"__all__ = ['A', 'B{'b' * 60}', 'Mine']\n",
    ),
    (
        EXTRA,
        "[project]\nname = 'x'\n",
        ("dependencies]\n", "dependencies]\n# mine\n"),
        "[project]\nname = 'x'\n# mine\n",
    ),
    (ENV, "B=1\n", ("A=", "A=\nMINE="), "B=1\nMINE=\n"),
    (BLACK, "", ("'a'\n", "'a'\nmine = 1\n"), "[tool.black]\nmine = 1\n"),
    (BLACK, "[tool.black]\n", ("]\n", "]\nmine = 1\n"), "[tool.black]\nmine = 1\n"),
    (MYPY, "", ('"]\n', '"]\n\n[mine]\n'), "[mine]\n"),
    (FLAKE8, "[flake8]\n", ("a,b\n", "a,b\nx = 1\n"), "[flake8]\nx = 1\n"),
    (
        OPTION,
        "[options]\n",
        ("requires =\n", "requires =\n    aaa\n"),
        "[options]\ninstall_requires =\n    aaa\n",
    ),
    (
        OPTION,
        "[options]\ninstall_requires =\n  a\n# why\n  c\n# next\npython_requires = 3\n",
        ("  adlfs>=2026.4\n# next", "  adlfs>=2026.4\n  mine\n# next"),
        "[options]\ninstall_requires =\n  a\n# why\n  c\n  mine\n# next\n"
        "python_requires = 3\n",
    ),
]


@pytest.mark.parametrize(("edit", "given", "change", "left"), BETWEEN)
def test_with_edits_of_the_user_in_between_only_our_spans_go(
    edit, given, change, left, project_of
):
    project = project_of({edit.file: given})
    assert project.ask("a", edit).pending == ()
    woven = project.texts[edit.file]
    assert change[0] in woven
    project.texts[edit.file] = woven.replace(*change)
    assert project.leave("a").pending == ()
    assert project.texts[edit.file] == left


ALTERED = [
    (EXPORT, "__all__ = ['A']\n", ("PostgreSQL\n", "PostgreSQL  # mine\n")),
    (EXPORT, "__all__ = ['A']\n", (", 'PostgreSQL'", "")),
    (GUARDED, "__all__ = ['A']\n", ("psycopg2", "psycopg")),
    (NAV, "nav:\n  - Sources: []\n", ("p.md", "mine.md")),
    (NAV, "nav:\n  - Sources: []\n", ("p.md", "p.md  # mine")),
    (NAV, "nav:\n  - Sources: []\n", ("PostgreSQL", "Orders")),
    (EXTRA, "[project]\n", (">=2026.4", ">=2026.8")),
    (REFERENCE, "# A\n", ("acme.a\n", "acme.a\n    options:\n      mine: 1\n")),
    (ENV, "B=1\n", ("A=", "A=mine")),
    (BLACK, "[tool.black]\n", ("'a'", "'mine'")),
    (BLACK, "[tool.black]\n", ("'a'", "'a' # mine")),
    (FLAKE8, "[flake8]\n", ("a,b", "a,b,mine")),
    (OPTION, "[options]\n", (">=2026.4", ">=2026.8")),
]


@pytest.mark.parametrize(("edit", "given", "change"), ALTERED)
def test_a_span_that_was_edited_by_hand_stops_the_file(edit, given, change, project_of):
    project = project_of({edit.file: given})
    assert project.ask("a", edit).pending == ()
    woven = project.texts[edit.file]
    edited = woven.replace(*change)
    assert edited != woven
    project.texts[edit.file] = edited
    assert {each.action for _, each in project.weave().pending} == {"restore"}
    assert {each.action for _, each in project.leave("a").pending} == {"remove"}
    assert project.texts[edit.file] == edited
    project.texts[edit.file] = woven
    assert project.weave().pending == ()
    assert project.texts[edit.file] == given
