"""`sourcewright add` on a real terminal: it asks for what is missing, only there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.terminal import CLEAR_LINE, CTRL_C, CTRL_D, ENTER, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout

PROGRAM = Path(sys.executable).with_name("sourcewright")
# Copier ends answers that may have several lines so.
ESCAPE_ENTER = "\x1b\r"


@pytest.fixture
def project(acme: Checkout, copy_of: Callable[[Checkout], Checkout]) -> Checkout:
    return copy_of(acme)


@pytest.fixture
def typing(project: Checkout, plain_template: Path) -> Callable[..., Terminal]:
    """Start a command on a terminal, in the project."""

    def start(*arguments: str) -> Terminal:
        command: list[str | Path] = [PROGRAM, *arguments]
        command += ["--template", plain_template]
        return Terminal(command, project.path, project.shell.environment)

    return start


def test_only_what_is_missing_is_asked_with_its_default(
    typing: Callable[..., Terminal], project: Checkout
) -> None:
    with typing("add", "source", "--set", "kind=sql") as terminal:
        terminal.until("Name of the source")
        terminal.type(f"orders_db{ENTER}")
        terminal.until("Which database?")
        terminal.until("postgresql")
        terminal.type(ENTER)
        terminal.until("Which destinations")
        terminal.until("[adls]")
        terminal.type(ESCAPE_ENTER)
        assert terminal.ends() == 0, terminal.shown
    assert "create  src/acme/sources/orders_db.py" in terminal.shown
    # What was given, and what the project's ledger knows.
    assert "What kind" not in terminal.shown
    assert "Which Python package" not in terminal.shown
    answers = project.read(".sourcewright/source-orders_db/answers.yml")
    assert "\nname: orders_db\n" in answers
    assert "\npackage: acme\n" in answers


def test_the_bytes_are_those_of_the_same_answers_as_options(
    typing: Callable[..., Terminal], project: Checkout, plain_template: Path
) -> None:
    with typing("add", "destination") as terminal:
        terminal.until("Name of the destination")
        terminal.type(f"archive{ENTER}")
        terminal.until("What kind")
        terminal.type(f"\x1b[B\x1b[B{ENTER}")  # down from adls, by duckdb, to local
        assert terminal.ends() == 0, terminal.shown
    typed = project.files()
    project.git("reset", "--quiet", "--hard")
    project.git("clean", "--quiet", "-fd")
    options = ("--set", "kind=local", "--template", plain_template)
    command = (PROGRAM, "add", "destination", "archive", *options)
    project.shell.said(*command, folder=project.path)
    assert project.files() == typed


def test_an_answer_that_is_not_good_is_asked_again(
    typing: Callable[..., Terminal], project: Checkout
) -> None:
    answered = ("--set", "kind=sql", "--set", "dialect=postgresql")
    with typing("add", "source", *answered, "--set", "destinations=[]") as terminal:
        terminal.until("Name of the source")
        terminal.type(f"../x{ENTER}")
        terminal.until("Use snake_case")
        terminal.type(CLEAR_LINE)
        terminal.type(f"orders_db{ENTER}")
        assert terminal.ends() == 0, terminal.shown
    assert (project.path / "src/acme/sources/orders_db.py").is_file()


def test_what_is_answered_in_full_asks_nothing(
    typing: Callable[..., Terminal],
) -> None:
    with typing("add", "source", "orders_db", "--dry-run") as terminal:
        assert terminal.ends() == 0, terminal.shown
    for question in ("Name of the source", "Which database?", "Which destinations"):
        assert question not in terminal.shown


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [(CTRL_C, 130, "stopped"), (CTRL_D, 1, "Nothing was written.")],
    ids=["Ctrl-C", "Ctrl-D"],
)
def test_stopping_at_a_question_writes_nothing(
    key: str, code: int, said: str, typing: Callable[..., Terminal], project: Checkout
) -> None:
    with typing("add", "source") as terminal:
        terminal.until("Name of the source")
        terminal.type(key)
        assert terminal.ends() == code, terminal.shown
    assert said in terminal.shown
    assert "Traceback" not in terminal.shown
    assert project.status() == []


def test_for_a_program_nothing_is_asked_on_a_terminal_either(
    typing: Callable[..., Terminal], project: Checkout
) -> None:
    with typing("add", "source", "--json") as terminal:
        assert terminal.ends() == 1, terminal.shown
    assert "not answered: name" in terminal.shown
    assert project.status() == []


@pytest.mark.parametrize("given", [b"", b"orders_db\n"])
def test_in_a_pipe_nothing_is_asked_and_what_is_missing_is_named(
    given: bytes, project: Checkout, plain_template: Path
) -> None:
    command: list[str | Path] = [PROGRAM, "add", "flow", "--template", plain_template]
    done = subprocess.run(
        command,
        cwd=project.path,
        env=project.shell.environment,
        input=given,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"not answered: source, destination" in done.stderr
    assert b"--set source=" in done.stderr
    assert project.status() == []
