"""`--json`: one object of one published form, whatever the command and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from sourcewright import cli

from tests import json_output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout

    Runner = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(plain_template: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run a command with --json; return its code and its object."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        options = ["--json"]
        if arguments[0] in {"new", "add"}:
            options += ["--template", str(plain_template)]
        code = cli.run([*arguments, *options])
        told = json_output.read(capsys.readouterr().out)
        assert told["exit_code"] == code
        return code, told

    return run


@pytest.fixture
def project(
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    made = copy_of(acme)
    monkeypatch.chdir(made.path)
    return made


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_output.SCHEMA)


def test_the_schema_refuses_what_is_not_of_its_form() -> None:
    for text in (
        '{"schema": 1, "command": "list", "exit_code": 0, "error": null}',
        '{"schema": 2, "command": null, "exit_code": 2, "error": null}',
        '{"schema": 1, "command": "list", "exit_code": 1, "error": {"what": "no"}}',
    ):
        with pytest.raises(ValidationError):
            json_output.read(text)


def test_every_command_prints_an_object_of_the_form(
    run: Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, told = run("new", str(tmp_path / "made"), "--set", "package=made")
    assert (code, told["command"], told["written"]) == (0, "new", True)
    monkeypatch.chdir(tmp_path / "made")
    for command in (
        ("add", "destination", "adls"),
        ("add", "source", "orders_db", "--set", "destinations=[]"),
        ("add", "flow", "orders_db", "adls"),
        ("remove", "flow-orders_db-adls"),
        ("weave",),
    ):
        code, told = run(*command, "--dry-run")
        assert code == 0
        assert told["written"] is False
        assert told["diff"] or command == ("weave",)
        code, done = run(*command)
        assert code == 0
        assert done["written"] is (command != ("weave",))
        assert done["diff"] is None
        assert done["changes"] == told["changes"]
        if command[0] == "add":
            code, again = run(*command)
            assert {each["verb"] for each in again["changes"]} == {"identical"}
            assert again["written"] is False
    code, told = run("list")
    listed = [each["application"] for each in told["applications"]]
    assert listed == ["destination-adls", "project", "source-orders_db"]
    code, told = run("check")
    assert (code, told["findings"]) == (0, [])


def test_what_is_left_to_do_is_told_in_the_form(run: Runner, project: Checkout) -> None:
    for path in (
        "mkdocs.yml",
        "pyproject.toml",
        ".env.example",
        "docs/references/orchestration/prefect/tasks.md",
        "src/acme/sources/__init__.py",
    ):
        (project.path / path).unlink()
    code, told = run("add", "source", "orders_db")
    assert code == 4
    kinds = {each["edit"]["edit"] for each in told["pending"]}
    assert kinds >= {"item", "dependency", "lines", "reference", "export"}
    assert run("check")[0] == 1


# A command, its code, the kind of its error, and the name that it goes by.
ERRORS = [
    (("add", "source"), 1, "AnswerRefused", "add source"),
    (("add", "source", "../x"), 1, "AnswerRefused", "add source"),
    (("add", "flow", "postgresql", "local"), 1, "StillNeeded", "add flow"),
    (("new", ".", "--set", "package=other"), 1, "InTheWay", "new"),
    (("remove", "nothing"), 1, "InTheWay", "remove"),
    (("remove", "adls"), 1, "StillNeeded", "remove"),
    (("update", "nothing"), 1, "InTheWay", "update"),
    (("list", "--project", "nowhere"), 2, "Usage", "list"),
    (("add", "sorce", "x"), 2, "Usage", "add"),
    (("waeve", "list"), 2, "Usage", None),
    (("weave", "--dri-run"), 2, "Usage", "weave"),
]


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: " ".join(case[0]))
def test_an_error_is_an_object_too_and_says_what_became_of_the_files(
    case: tuple[tuple[str, ...], int, str, str | None], run: Runner, project: Checkout
) -> None:
    command, code, kind, name = case
    got, told = run(*command)
    assert got == code
    assert told["command"] == name
    assert told["error"]["type"] == kind
    assert told["error"]["what"]
    assert told["error"]["next"]
    assert told["error"]["files"] == "Nothing was written."
    assert project.status() == []


def test_a_conflict_comes_with_the_whole_report(run: Runner, project: Checkout) -> None:
    taken = "src/acme/sources/orders_db.py"
    project.write(taken, "mine = True\n")
    code, told = run("add", "source", "orders_db")
    assert (code, told["written"], told["error"]["where"]) == (1, False, taken)
    assert {"verb": "conflict", "path": taken} in told["changes"]


@pytest.mark.parametrize(
    ("raised", "ends"),
    [(KeyboardInterrupt(), (130, "Stopped")), (RuntimeError("x"), (3, "Bug"))],
)
def test_a_bug_and_a_stop_are_objects_too(
    raised: BaseException,
    ends: tuple[int, str],
    run: Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_tree: object) -> None:
        raise raised

    monkeypatch.setattr("sourcewright.ledger.read", fail)
    code, told = run("list")
    assert (code, told["error"]["type"]) == ends
