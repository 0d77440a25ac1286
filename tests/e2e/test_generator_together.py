"""Several commands at once in one project: each is whole, or refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout

PROGRAM = Path(sys.executable).with_name("sourcewright")
NAMES = ("alpha", "mike", "zulu")


def test_of_commands_at_once_each_is_whole_or_refused_and_repeating_those_is_enough(
    acme: Checkout, plain_template: Path, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    commands: list[list[str | Path]] = [
        [PROGRAM, "add", "source", name, "--template", plain_template] for name in NAMES
    ]
    running = [
        subprocess.Popen(
            command,
            cwd=project.path,
            env=project.shell.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command in commands
    ]
    said = [each.communicate()[0] for each in running]
    codes = [each.returncode for each in running]
    assert 0 in codes, said
    for name, code, text in zip(NAMES, codes, said, strict=True):
        there = (project.path / f".sourcewright/source-{name}/woven.yml").exists()
        assert there == (code == 0), text
        if code:
            assert code == 1, text
            # Which of the two depends on when the other one wrote.
            refused = "another sourcewright is writing", "changed while the plan"
            assert any(each in text for each in refused), text
            assert "Nothing was written." in text
    for command, code in zip(commands, codes, strict=True):
        if code:
            project.shell.said(*command, folder=project.path)
    together = project.files()
    project.git("reset", "--quiet", "--hard")
    project.git("clean", "--quiet", "-fd")
    for command in commands:
        project.shell.said(*command, folder=project.path)
    assert project.files() == together
