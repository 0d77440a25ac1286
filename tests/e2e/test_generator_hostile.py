"""Names and paths as an enemy would give them, to every command, also in a file.

In `make test` a command gets some of the names, by `make matrix` all.
"""

from __future__ import annotations

import json
import keyword
import sys
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout

NAMES = {
    "a path that leads out": "../x",
    "a path below": "a/b",
    "an absolute path": "/etc/x",
    "a path of Windows": "..\\x",
    "a drive": "C:x",
    "a reserved word": "class",
    "a soft keyword": "match",
    "the standard library": "json",
    "a device of Windows": "con",
    "Jinja": "{{ 1 }}",
    "Jinja that reads": "{% include '/etc/passwd' %}",
    "300 characters": "x" * 300,
    "an emoji": "\N{SNAKE}",
    "a letter that looks like a": "\N{CYRILLIC SMALL LETTER A}bc",
    "a newline": "a\nb",
    "a zero": "a\0b",
    "dots": "..",
    "an option": "--force",
    "a dunder": "__init__",
    "a number": 7,
    "a list": ["a"],
    "a mapping": {"a": "b"},
}
SAMPLE = 6
# Every command that takes a name, with the answers that it needs besides.
COMMANDS: dict[str, tuple[tuple[str, ...], str, dict[str, object]]] = {
    "add source": (("add", "source"), "name", {"destinations": []}),
    "add source into": (("add", "source"), "destinations", {"name": "orders_db"}),
    "add destination": (("add", "destination"), "name", {"kind": "local"}),
    "add flow from": (("add", "flow"), "source", {"destination": "adls"}),
    "add flow to": (("add", "flow"), "destination", {"source": "postgresql"}),
    "new": (("new", "../made"), "package", {"project_name": "Made"}),
}


@pytest.fixture
def project(
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    made = copy_of(acme)
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_a_hostile_name_in_a_file_of_answers_is_refused(
    command: str,
    project: Checkout,
    plain_template: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, key, others = COMMANDS[command]
    file = project.path.parent / "answers.yml"
    file.touch()
    around = set(project.path.parent.iterdir())
    options = ["--template", str(plain_template), "--answers", str(file), "--json"]
    for case in sampled([*NAMES], SAMPLE):
        name = NAMES[case]
        if (command, case) == ("add source into", "a list"):
            continue  # what is asked for
        value = [name] if key == "destinations" and isinstance(name, str) else name
        # JSON is YAML too.
        file.write_text(json.dumps({**others, key: value}))
        code = cli.run([*arguments, *options])
        told = json.loads(capsys.readouterr().out)
        assert code == 1, (case, told)
        assert told["error"]["type"] == "AnswerRefused", (case, told)
        assert project.status() == [], case
        assert set(project.path.parent.iterdir()) == around, case


@pytest.mark.parametrize("verb", ["remove", "update"])
def test_a_hostile_name_of_an_application_is_refused(
    verb: str, project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name for name in NAMES.values() if isinstance(name, str)]
    for name in [*names, "source-../../x", ".journal", ""]:
        assert cli.run([verb, "--", name]) == 1, name
        assert "is here" in capsys.readouterr().err
        assert project.status() == [], name


FOLDERS = [
    "{{ 1 }}",
    "{% raw %}",
    "\N{SNAKE}",
    "class",
    "json",
    "con",
    "Ünïcode pipelines",
    "a" * 200,
    "-rf",
    "a;b $(c)",
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_any_name_gets_a_good_package_and_nothing_beside_it(
    folder: str, plain_template: Path, tmp_path: Path
) -> None:
    made = tmp_path / folder
    assert cli.run(["new", "--template", str(plain_template), "--", str(made)]) == 0
    (package,) = (each.name for each in (made / "src").iterdir())
    assert package.isascii()
    assert package.isidentifier()
    assert not keyword.iskeyword(package)
    assert package not in {*sys.stdlib_module_names, "con"}
    assert len(package) <= 40
    assert list(tmp_path.iterdir()) == [made]


def test_a_file_where_the_project_shall_be_is_refused(
    tmp_path: Path, plain_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("mine")
    for path in ("taken", "taken/below"):
        given = ["new", str(tmp_path / path), "--template", str(plain_template)]
        assert cli.run(given) in {1, 2}
        assert "a file" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"
