"""Completion by the Tab key, in the shells themselves."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.terminal import ENTER, Terminal

if TYPE_CHECKING:
    from tests.e2e.conftest import Checkout

TOOLS = Path(sys.executable).parent
PROMPT = "ready> "
# Each shell without the user's settings, then the line that our documentation gives.
SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        f"PS1='{PROMPT}'",
        'eval "$(_SOURCEWRIGHT_COMPLETE=bash_source sourcewright)"',
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        f"PS1='{PROMPT}'; autoload -U compinit; compinit -D -u",
        'eval "$(_SOURCEWRIGHT_COMPLETE=zsh_source sourcewright)"',
    ),
}
# What is typed before the Tab key, and what the line is then.
TYPED = {
    "a command": ("wea", "weave "),
    "a component": ("add dest", "add destination "),
    "an option": ("weave --dr", "weave --dry-run "),
    "an application to remove": ("remove source-po", "remove source-postgresql "),
    "an application to update": ("update proj", "update project "),
    "the name of a kind": ("add destination lo", "add destination local "),
    "a source that is there": ("add flow post", "add flow postgresql "),
    "a destination that is there": ("add flow x ad", "add flow x adls "),
    "a setting": ("add source x --set base", "add source x --set base_url="),
    "a setting of a project": ("new x --set pa", "new x --set package="),
}


@pytest.fixture(scope="module")
def environment(acme: Checkout) -> dict[str, str]:
    path = f"{TOOLS}{os.pathsep}{acme.shell.environment['PATH']}"
    return {**acme.shell.environment, "PATH": path}


def program(name: str) -> str:
    """Return a shell's path; without it the test is skipped, which CI installs."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


@pytest.mark.parametrize("name", SHELLS)
def test_the_tab_key_completes(
    name: str, environment: dict[str, str], acme: Checkout
) -> None:
    (_, *options), first, line = SHELLS[name]
    command: list[str | Path] = [program(name), *options]
    with Terminal(command, acme.path, environment) as terminal:
        terminal.type(f"{first}{ENTER}")
        terminal.type(f"{line}; echo set-u''p{ENTER}")
        terminal.until("set-up")
        for typed, expected in TYPED.values():
            terminal.until(PROMPT)
            # What a line is completed to is printed, and not run.
            terminal.type(f"sourcewright {typed}\t")
            terminal.until(f"sourcewright {expected}".rstrip())
            terminal.type(f"\x01echo {ENTER}")
            terminal.until("\n")


@pytest.mark.parametrize("case", TYPED)
def test_fish_completes(case: str, environment: dict[str, str], acme: Checkout) -> None:
    typed, expected = TYPED[case]
    setting = "_SOURCEWRIGHT_COMPLETE=fish_source sourcewright | source"
    command = [program("fish"), "--no-config", "--command"]
    script = f"{setting}; complete --do-complete 'sourcewright {typed}'"
    shell = type(acme.shell)(environment)
    said = shell.said(*command, script, folder=acme.path)
    assert expected.split()[-1] in [row.split("\t")[0] for row in said.splitlines()]


def test_the_lines_are_those_of_the_documentation() -> None:
    page = Path(__file__).parents[2] / "docs/how-to/generator.md"
    text = page.read_text("utf-8")
    for _, _, line in SHELLS.values():
        assert line in text
    assert "_SOURCEWRIGHT_COMPLETE=fish_source sourcewright | source" in text


def test_a_folder_without_a_ledger_completes_nothing(
    environment: dict[str, str], tmp_path: Path, acme: Checkout
) -> None:
    asked = {"COMP_WORDS": "sourcewright remove ", "COMP_CWORD": "2"}
    shell = type(acme.shell)(
        {**environment, **asked, "_SOURCEWRIGHT_COMPLETE": "bash_complete"}
    )
    assert shell.said("sourcewright", folder=tmp_path).strip() == ""
