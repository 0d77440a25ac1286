"""What may be answered: refused before anything is written, or good for the tools.

In `make test` Copier gets one bad answer for each sentence that refuses some, and in
`make matrix` each; tests/matrix/answers.md has the counts.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jinja2
import pytest
import yaml

from tests import golden
from tests.e2e.conftest import REPOSITORY, UV
from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout, Copier
    from tests.results import Keep

LONG = "x" * 300
# Each answer, and a part of the message. A title may be what a name may not.
BAD_TITLES = {
    "": "2 to 60 characters",
    "x": "2 to 60 characters",
    "   ": "2 to 60 characters",
    LONG: "2 to 60 characters",
    "../x": "begin with a letter",
    "{{ 7 * 7 }}": "begin with a letter",
    'Say "hi"': "Use letters",
    "A\nB": "Use letters",
    "Acme \U0001f680": "Use letters",
}
BAD_NAMES = {
    "": "A name is needed",
    LONG: "has 300 characters",
    "o": "too short",
    "\u00dcn\u00efcode": "Use snake_case",
    "../x": "Use snake_case",
    "1abc": "Use snake_case",
    "a__b": "Use snake_case",
    "_a": "Use snake_case",
    "a_": "Use snake_case",
    "Orders": "Use snake_case",
    "a-b": "Use snake_case",
    "a b": "Use snake_case",
    "a\n": "Use snake_case",
    "{{ 7 * 7 }}": "Use snake_case",
    "\U0001f680": "Use snake_case",
    "class": "word of the Python language",
    "json": "standard library",
    "con": "on Windows",
}
BAD_MODULES = {
    **BAD_NAMES,
    "base": "the project uses itself",
    "df": "the project uses itself",  # the flow df_to_adls would call itself
    "source": "the project uses itself",  # it exports the class Source
    "target": "the project uses itself",  # a variable of a test that imports a name
    "adls_in_batches": "the project uses itself",  # a flow's name ends so
    "orders_batches_to_adls": "the project uses itself",  # a task's name
}
BAD_PACKAGES = {
    "pandas": "uses: choose",
    "runtime": "uses: choose",
    "contracts": "uses: choose",
    "acme.ingest": "Use snake_case",
}
BAD_DOTTED = dict.fromkeys(
    ["runtime", "acme.runtime", "contracts.acme"], "choose another package"
)
BAD_LISTS = {
    "adls": "Give a list of names",
    "'': adls": "Give a list of names",
    "[[adls]]": "Give a list of names",
    "[1]": "Give a list of names",
    "7": "Give a list of names",
    "[adls, adls]": "twice",
    "[orders]": "is the source",
    "[adls, {adls: local}]": "twice",
    "[{orders: adls}]": "is the source",
    "[{lake: teradata}]": "no kind of destination",
    "[{lake: adls, shelf: local}]": "Give a list of names",
    **{f"[{json.dumps(name)}]": said for name, said in BAD_MODULES.items()},
}
BAD_CHOICES = {"": "Invalid choice", "teradata": "Invalid choice"}
BAD_URLS = {
    "": "Give an address",
    "api.example.com": "Give an address",
    "ftp://api.example.com": "Give an address",
    "https://user:word@api.example.com": "Give an address",
    "https://api.example.com/v1?key=word": "Give an address",
    "https://api.example.com/\n": "Give an address",
}
BAD_PATHS = {
    "data..items": "Give names with dots",
    ".items": "Give names with dots",
    "items[0]": "Give names with dots",
    "{{ 7 * 7 }}": "Give names with dots",
}
BAD_SETTINGS = {
    "7": "Give a mapping",
    "[parameter]": "Give a mapping",
    "{after: x}": "is no setting",
    "{parameter: 7}": "is a name",
    "{parameter: 'a b'}": "is a name",
    "{start: one}": "is a whole number",
    "{start: true}": "is a whole number",
    "{page_limit: -1}": "is a whole number",
}
BAD_COLUMNS = {
    "{}": "Give a mapping",
    "[id]": "Give a mapping",
    "{id: money}": "is no type",
    "{id: 'decimal(0, 0)'}": "is no type",
    "{id: 'decimal(77, 0)'}": "is no type",
    "{1: integer}": "can't be a column",
    "{'a\"b': integer}": "can't be a column",
    "{undeclared_fields: json}": "can't be declared",
}
BAD_FOLDERS = {
    "/etc": "Give a folder",
    "../x": "Give a folder",
    "a/../b": "Give a folder",
    "a//b": "Give a folder",
    "a/": "Give a folder",
    ".git": "Give a folder",
    "a\\b": "Give a folder",
    "a b": "Give a folder",
    "\u00fc": "Give a folder",
    "{{ 7 * 7 }}": "Give a folder",
    "runtime": "No part of the path",
    "lib/runtime/python": "No part of the path",
    "tests/contracts": "No part of the path",
}
BAD_DISTRIBUTIONS = dict.fromkeys(["", "-acme", "acme.", "acme x", "a/b"], "Give the")
BAD_NAVIGATIONS = dict.fromkeys(
    ["nav", "[API]", "[nav, 1]", "{nav: 1}", "1"], "Give a list of titles"
)
BAD_TOOLS = {
    "mypy": "Give a mapping",
    "[mypy]": "Give a mapping",
    "{make: Makefile}": "is not known",
    "{black: setup.cfg}": "can't be in",
}
BAD_REQUIREMENTS = dict.fromkeys(["pysnow >> 1", "-pysnow", "a b", '"'], "Give")
BAD_IMPORTS = dict.fromkeys(["", "a-b", "1a", "a b"], "Give")
SOURCE = {"component": "source", "package": "acme", "name": "orders"}
REST = {**SOURCE, "kind": "rest"}
FLOW = {"component": "flow", "package": "acme", "source": "a1", "destination": "b1"}
EXISTING = {"component": "project", "host": "existing"}
IN_VIADOT = {**SOURCE, "kind": "custom", "runtime": "viadot"}
BAD_ANSWERS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "component": ({}, BAD_CHOICES),
    "project_name": ({"component": "project"}, BAD_TITLES),
    "package": ({"component": "project"}, BAD_NAMES | BAD_PACKAGES),
    "host": ({"component": "project"}, BAD_CHOICES),
    "source_folder": (EXISTING, BAD_FOLDERS | {"": "Give a folder"}),
    "tests_folder": (EXISTING, BAD_FOLDERS | {"": "Give a folder", ".": "Give a"}),
    "docs_folder": (EXISTING, BAD_FOLDERS | {".": "Give a folder"}),
    "runtime": (EXISTING, BAD_CHOICES),
    "distribution": (EXISTING, BAD_DISTRIBUTIONS),
    "navigation": (EXISTING | {"docs_folder": "docs"}, BAD_NAVIGATIONS),
    "metadata": (EXISTING, BAD_CHOICES),
    "tools": (EXISTING, BAD_TOOLS),
    "name": (SOURCE, BAD_MODULES),
    "kind": (SOURCE, BAD_CHOICES),
    "dialect": (SOURCE, BAD_CHOICES),
    "base_url": (REST, BAD_URLS),
    "authentication": (REST, BAD_CHOICES),
    "records": (REST, BAD_PATHS),
    "pagination": ({**REST, "records": ""}, {**BAD_CHOICES, "cursor": "no place for"}),
    "pagination_settings": ({**REST, "pagination": "page_number"}, BAD_SETTINGS),
    "columns": (REST, BAD_COLUMNS),
    "undeclared": (REST, BAD_CHOICES),
    "missing": (REST, BAD_CHOICES),
    "requests_per_second": (REST, dict.fromkeys(["-1", "nan", "inf"], "Give 0")),
    "requirement": (IN_VIADOT, BAD_REQUIREMENTS),
    "imports": ({**IN_VIADOT, "requirement": "pysnow"}, BAD_IMPORTS),
    "destinations": (SOURCE, BAD_LISTS),
    "source": (FLOW, BAD_MODULES),
    "destination": (FLOW, {**BAD_MODULES, "a1": "is the source"}),
    "source_kind": (FLOW, BAD_CHOICES),
    "destination_kind": (FLOW, BAD_CHOICES),
}


@pytest.fixture(scope="session")
def names(template: Checkout) -> Any:  # noqa: ANN401  # what a Jinja module holds
    """The lists and macros of names.jinja."""
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701  # it renders no HTML
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        loader=jinja2.FileSystemLoader(template.path),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = environment.get_template("template/kinds/names.jinja")
    return names.make_module(golden.table())


@pytest.fixture(scope="session")
def questions(template: Checkout) -> dict[str, dict[str, Any]]:
    """The questions that are asked, by name."""
    return {
        name: question
        for name, question in _all_questions(template).items()
        if question.get("when") is not False
    }


def _all_questions(template: Checkout) -> dict[str, dict[str, Any]]:
    files = [
        "copier.yml",
        *re.findall("(?m)^!include (.*)$", template.read("copier.yml")),
    ]
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        text = template.read(file).replace("!include", "# !include")
        for each in yaml.safe_load_all(text):
            found |= {k: v for k, v in (each or {}).items() if not k.startswith("_")}
    return found


def test_an_answer_that_is_derived_can_not_be_given(
    copier: Copier, template: Checkout, plain_template: Path, tmp_path: Path
) -> None:
    questions = _all_questions(template)
    hidden = {n: q for n, q in questions.items() if q.get("when") is False}
    assert len(hidden) > 15
    said = "This is worked out from the other answers, so it can't be given."
    assert {each.get("validator") for each in hidden.values()} == {said}
    # Copier treats all alike: one of each type stands for the others.
    derived = {question["type"]: name for name, question in hidden.items()}
    values = {"str": "acme'; import os; '", "yaml": "{a: b}", "bool": "true"}
    options = ["--trust", "--defaults", "--quiet", "-d", "component=source"]
    options += ["-d", "package=acme", "-d", "name=postgresql"]
    commands = [
        ["copy", *options, "-d", f"{name}={values[kind]}", str(plain_template), "."]
        for kind, name in derived.items()
    ]
    outcomes = [copier.command(*each, folder=tmp_path) for each in commands]
    for name, (code, text) in zip(derived.values(), outcomes, strict=True):
        assert code != 0, f"{name} is accepted"
        assert f"'{name}': {said}" in text
    assert list(tmp_path.iterdir()) == []


LEDGERS = {
    "source_folder": ".git/hooks",
    "tests_folder": "../outside",
    "docs_folder": ".git",
    "distribution": "'; import os; '",
    "navigation": "'; import os; '",
}


@pytest.mark.parametrize("key", LEDGERS)
def test_an_answer_in_a_ledger_is_validated(
    key: str,
    copier: Copier,
    template: Checkout,
    bare: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(bare)
    ledger = ".sourcewright/project/answers.yml"
    lines = project.read(ledger).splitlines(keepends=True)
    kept = [each for each in lines if not each.startswith(f"{key}:")]
    project.write(ledger, "".join([*kept, f"{key}: {json.dumps(LEDGERS[key])}\n"]))
    project.commit()
    done = copier.run(
        *("copy", "--trust", "--vcs-ref", "HEAD", template.path, "."),
        folder=project.path,
        component="source",
        name="postgresql",
    )
    assert done.returncode != 0
    assert "the_ledger_has_an_answer_that_is_not_valid" in done.stdout
    assert project.status() == []


def test_a_part_of_a_path_may_not_be_a_folder_of_the_weave(names: Any) -> None:  # noqa: ANN401  # as the fixture
    for package, said in BAD_DOTTED.items():
        assert said in str(names.problem_with_package(package, dotted=True))
    for package in ("acme.runtimes", "acme.my_contracts", "Runtime"):
        assert not str(names.problem_with_package(package, dotted=True)).strip()
    assert not str(names.problem_with_folder("lib/runtime.d/contracts_")).strip()
    # Each pattern of a folder, wherever it is.
    settings = (REPOSITORY / "copier.yml").read_text("utf-8")
    assert re.findall(r'- "\*\*/(\w+)/\*\*"', settings) == names.woven_folders


def test_the_rule_for_names_refuses_each_bad_one(names: Any) -> None:  # noqa: ANN401  # as the fixture
    for name, said in BAD_MODULES.items():
        assert said in str(names.problem_with_name(name)), name
    for name, said in {**BAD_NAMES, "acme.ingest": "Use snake_case"}.items():
        assert said in str(names.problem_with_word(name)), name


def tried(question: str) -> dict[str, str]:
    """Return the bad answers that Copier gets, and what it has to say of each."""
    bad = BAD_ANSWERS[question][1]
    if WHOLE:
        return bad
    return {answer: said for said, answer in {s: a for a, s in bad.items()}.items()}


@pytest.fixture(scope="module")
def outcomes(
    copier: Copier, plain_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], tuple[int, str]]:
    """What became of each bad answer, by its question."""
    folder = tmp_path_factory.mktemp("answers")
    commands: dict[tuple[str, str], list[str]] = {}
    for question, (others, _) in BAD_ANSWERS.items():
        for answer in tried(question):
            answers = {**others, question: answer}
            data = [part for key in answers for part in ("-d", f"{key}={answers[key]}")]
            options = ["--trust", "--defaults", "--quiet", *data]
            place = str(folder / str(len(commands)))
            commands[question, answer] = ["copy", *options, str(plain_template), place]
    found = {k: copier.command(*each, folder=folder) for k, each in commands.items()}
    assert list(folder.iterdir()) == []
    return found


@pytest.mark.parametrize("question", BAD_ANSWERS)
def test_a_bad_answer_is_refused_and_nothing_is_written(
    question: str, outcomes: dict[tuple[str, str], tuple[int, str]], keep: Keep
) -> None:
    bad = tried(question)
    for answer, expected in bad.items():
        code, said = outcomes[question, answer]
        assert code != 0, f"{question}={answer!r} is accepted"
        last = said.rstrip().splitlines()[-1]
        assert expected in last, f"{question}={answer!r}: {said[-500:]}"
        assert f"'{question}'" in last
    assert bad
    keep("answers", question=question, answers=len(bad), wrong=0)


def test_a_bad_answer_on_the_command_line_ends_with_our_sentence(
    copier: Copier, template: Checkout, tmp_path: Path
) -> None:
    done = copier.run(
        *("copy", "--trust", template.path, "."),
        folder=tmp_path,
        component="source",
        package="acme",
        name="json",
    )
    assert done.returncode != 0
    assert done.stdout.rstrip().endswith(
        "Validation error for question 'name': \"json\" is a module of Python's "
        "standard library: choose another, for example json_db."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["name", "source", "destination"])
def test_what_has_no_default_must_be_answered(
    copier: Copier, template: Checkout, tmp_path: Path, missing: str
) -> None:
    answers = dict(SOURCE if missing == "name" else FLOW)
    del answers[missing]
    done = copier.run(
        *("copy", "--trust", template.path, "."), folder=tmp_path, **answers
    )
    assert done.returncode != 0
    assert f'Question "{missing}" is required' in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_every_other_question_has_a_default_and_each_a_help_text(
    questions: dict[str, dict[str, Any]],
) -> None:
    # Copier takes any text for yes or no.
    assert set(questions) == {*BAD_ANSWERS, "hides_package"}
    without_default = {name for name in questions if "default" not in questions[name]}
    assert without_default == {"name", "source", "destination"}
    assert all(len(question["help"]) > 10 for question in questions.values())


def test_no_question_is_a_secret(
    template: Checkout, questions: dict[str, dict[str, Any]]
) -> None:
    assert not [name for name in questions if questions[name].get("secret")]
    assert "_secret_questions" not in template.read("copier.yml")
    secrets = re.compile("password|token|secret|credential|key$")
    assert not [name for name in questions if secrets.search(name)]


def test_the_defaults_alone_make_a_project_that_imports(
    copier: Copier, template: Checkout, empty: Callable[[str], Checkout]
) -> None:
    project = empty("2024 data!")
    copier.copy(template, project.path)
    assert "project_name: 2024 Data\n" in project.read(
        ".sourcewright/project/answers.yml"
    )
    script = (
        "import data, data.config, data.sources, data.orchestration.prefect.tasks, "
        "data.orchestration.prefect.flows; print(data.sources.__all__)"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        cwd=project.path / "src",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ast.literal_eval(done.stdout) == ["Destination", "Source"]


@pytest.mark.parametrize(
    ("folder", "title", "package"),
    [
        ("data-lake_2", "Data Lake 2", "data_lake_2"),
        ("---", "My Pipelines", "my_pipelines"),
        (
            "\u0434\u0430\u043d\u043d\u044b\u0435",
            "\u0414\u0430\u043d\u043d\u044b\u0435",
            "my_pipelines",
        ),
        ("x" * 80, "My Pipelines", "my_pipelines"),
        ("json", "Json", "my_pipelines"),
    ],
)
def test_any_folder_gives_a_title_and_a_package(
    names: Any,  # noqa: ANN401  # as the fixture
    folder: str,
    title: str,
    package: str,
) -> None:
    assert str(names.title_from(folder)).strip() == title
    assert str(names.problem_with_title(title)).strip() == ""
    assert str(names.package_from(title)).strip() == package
    assert str(names.problem_with_package(package)).strip() == ""


def interpreters() -> list[str]:
    """Return every Python of this machine that has a list of its standard library."""
    listing = ["python", "list", "--only-installed", "--no-python-downloads"]
    done = subprocess.run(
        [UV, *listing, "--output-format", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = {
        tuple(each["version_parts"].values()): each["path"]
        for each in json.loads(done.stdout)
        if each["implementation"] == "cpython"
    }
    return [found[version] for version in found if version >= (3, 10)]


def test_the_lists_of_reserved_names_are_python_s_own(names: Any) -> None:  # noqa: ANN401  # as the fixture
    script = (
        "import json, keyword, sys;"
        "print(json.dumps([keyword.kwlist, sorted(sys.stdlib_module_names)]))"
    )
    found = interpreters()
    assert found
    for python in found:
        done = subprocess.run(
            [python, "-c", script], capture_output=True, text=True, check=True
        )
        keywords, modules = json.loads(done.stdout)
        lower = {word for word in keywords if word.islower()}
        assert lower <= set(names.keywords), python
        public = {name for name in modules if not name.startswith("_")}
        assert public <= set(names.standard_library), python
    assert keyword.iskeyword("class")


def test_no_connector_can_take_a_class_that_its_modules_import(
    names: Any,  # noqa: ANN401  # as the fixture
    acme_and_orders: Checkout,
) -> None:
    connectors = {"PostgreSQL", "OrdersDb", "AzureDataLake", "LocalFolder"}
    imported = {"Destination", "Source"}  # which sources exports already
    for path, content in acme_and_orders.files().items():
        if re.match(r"src/acme/sources/(?!__init__|base)", path):
            for node in ast.walk(ast.parse(content)):
                if isinstance(node, ast.ImportFrom):
                    imported |= {alias.name for alias in node.names}
    accepted = []
    for class_name in sorted(imported - connectors):
        words = re.findall("[A-Z][a-z0-9]+", class_name)  # so not UTC
        name = "_".join(words).lower()
        if name and "".join(words) == class_name:
            assert str(names.class_from(name)).strip() == class_name
            if not str(names.problem_with_name(name)).strip():
                accepted.append(name)
    assert accepted == []


def test_an_older_copier_is_refused(
    copier: Copier,
    copy_of: Callable[[Checkout], Checkout],
    template: Checkout,
    tmp_path: Path,
) -> None:
    newer = copy_of(template)
    newer.replace(
        "copier.yml", '_min_copier_version: "9.19.0"', '_min_copier_version: "10.0.0"'
    )
    newer.commit("for a later Copier")
    project = tmp_path / "project"
    project.mkdir()
    done = copier.run("copy", "--trust", newer.path, ".", folder=project)
    assert done.returncode != 0
    assert "needs version 10.0.0" in done.stdout or "10.0.0" in done.stdout
    assert list(project.iterdir()) == []


def test_the_oldest_copier_that_is_admitted_is_what_we_depend_on() -> None:
    settings = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    text = (REPOSITORY / "copier.yml").read_text(encoding="utf-8")
    found = re.search(r'_min_copier_version: "(\d+\.\d+)\.0"', text)
    assert found
    assert f'"copier>={found[1]},' in settings
