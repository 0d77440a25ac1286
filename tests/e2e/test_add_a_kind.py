"""The pages on adding kinds, followed to the letter: what they add lands.

A section that adds something is gone through in a copy of what is checked out here. A
fenced block with a title is written as a file, or into one; one in the language
`console` is run line by line. What changes a file is a step. Where a step is left out,
a test of the lists says so. `make test` takes the first section, and leaves out some
steps, drawn with a fixed seed; by `make matrix` it is all of both.
"""

import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sweeps import WHOLE

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = REPOSITORY / "docs" / "how-to"
PAGES = (HOW_TO / "add-a-kind.md", HOW_TO / "add-authentication.md")
BLOCK = re.compile(
    r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL
)
TESTS = "tests/e2e/generated/test_kinds.py"
LISTS = "test_a_list_names_the_kinds_of_the_table"
FOLDER = f"{LISTS}[the folders of template/kinds]"
TYPES = f"{LISTS}[docs/reference/dialects.md and types.md]"
TWO_SCREENS = 90  # lines
SAMPLE = 3

# The sections that add something; and by each step what says that it is missing.
SECTIONS = {
    "A dialect": {
        "template/kinds/sources/geopackage/kind.yml": FOLDER,
        "docs/reference/dialects.md": TYPES,
        "CHANGELOG.md": f"{LISTS}[CHANGELOG.md]",
        ".venv/bin/python docs/generate.py": FOLDER,
        ".venv/bin/python -m tests.golden": f"{LISTS}[tests/reference]",
    },
    "A kind of destination": {
        "cp": "",  # the next step needs it
        "sed": "test_the_table_is_fresh",
        "CHANGELOG.md": f"{LISTS}[CHANGELOG.md]",
        ".venv/bin/python docs/generate.py": FOLDER,
        ".venv/bin/python -m tests.golden": f"{LISTS}[tests/reference]",
    },
    "A way to authenticate": {
        "template/kinds/sources/rest/kind.yml": "test_the_table_is_fresh",
        "template/runtime/rest/authentication.py": f"{LISTS}[the runtime]",
        ".venv/bin/python docs/generate.py": "test_the_table_is_fresh",
        ".venv/bin/python -m tests.golden": f"{LISTS}[tests/reference]",
    },
}


FOLLOWED = list(SECTIONS) if WHOLE else ["A dialect"]


@dataclass(frozen=True)
class Checkout:
    """A copy of what is checked out here, under git."""

    path: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with this copy's packages; what it said comes as one text."""
        environment = {
            **os.environ,
            "GIT_AUTHOR_EMAIL": "test@example.com",
            "GIT_AUTHOR_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@example.com",
            "GIT_COMMITTER_NAME": "Test",
            "MYPY_CACHE_DIR": str(REPOSITORY / ".mypy_cache"),
            "PYTHONPATH": f"{self.path / 'generator'}:{self.path / 'template'}",
        }
        return subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def said(self, *command: str) -> str:
        """Run a command that has to succeed; return what it said."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}"
        return done.stdout

    def write(self, title: str, content: str) -> None:
        """Write a file, or, as its title says, before a line of one that is there."""
        name, _, line = title.partition(", before the line: ")
        place = self.path / name
        if line:
            before = place.read_text("utf-8").splitlines(keepends=True)
            (number,) = (n for n, each in enumerate(before) if each.strip() == line)
            content = "".join([*before[:number], content, *before[number:]])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")

    def commit(self, message: str) -> bool:
        """Commit what changed; say whether anything did."""
        self.said("git", "add", "--all")
        if not self.said("git", "status", "--porcelain"):
            return False
        self.said("git", "commit", "--quiet", "--message", message)
        return True


def copy_to(folder: Path) -> Checkout:
    """Copy what git would keep, with the environment that is here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = REPOSITORY / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for name in ("pyproject.toml", "uv.lock"):  # older than the environment
        os.utime(folder / name, (0, 0))
    (folder / ".venv").symlink_to(sys.prefix)
    checkout = Checkout(folder)
    checkout.said("git", "init", "--quiet")
    (folder / ".git/info/exclude").write_text("/.venv\n", encoding="utf-8")
    assert checkout.commit("before")
    return checkout


def blocks(section: str) -> list[tuple[str, str, str]]:
    """Return the language, the title and the content of each block of a section."""
    pages = "\n".join(page.read_text("utf-8") for page in PAGES)
    _, found, text = pages.partition(f"\n## {section}\n")
    assert found, section
    lines, fenced = [], False
    for line in text.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            break
        lines.append(line)
    return BLOCK.findall("".join(lines))


def follow(section: str, checkout: Checkout) -> dict[str, str]:
    """Do what a section says; return the commit of each step, by its title."""
    steps = {}

    def keep(title: str) -> None:
        if checkout.commit(title):
            steps[title] = checkout.said("git", "rev-parse", "HEAD").strip()

    for language, title, content in blocks(section):
        if title:
            checkout.write(title, content)
            keep(title.partition(",")[0])
            continue
        assert language == "console", f"a block of the language {language}"
        for line in content.splitlines():
            assert line.startswith("$ "), line
            checkout.said("bash", "-c", line.removeprefix("$ "))
            keep(line.removeprefix("$ "))
    return steps


def said_without(commit: str, test: str, checkout: Checkout) -> str:
    """Return what a test says where a step is left out."""
    checkout.said("git", "revert", "--no-edit", "--no-commit", commit)
    done = checkout.run(".venv/bin/pytest", "-q", f"{TESTS}::{test}", "--tb=no")
    checkout.said("git", "reset", "--quiet", "--hard")
    return done.stdout


def left_out(known: dict[str, str]) -> list[str]:
    """Return the steps that are left out once: a sample, or all that a test misses."""
    missed = [step for step, test in known.items() if test]
    return missed if WHOLE else random.Random(5).sample(missed, SAMPLE)  # noqa: S311


# It renders projects, and runs the checker of types and flows in them.
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("section", FOLLOWED)
def test_what_a_section_adds_lands_and_its_steps_are_needed(
    section: str, tmp_path: Path
) -> None:
    checkout = copy_to(tmp_path / "sourcewright")
    steps = follow(section, checkout)
    known = SECTIONS[section]
    assert [[step for step in known if title.startswith(step)] for title in steps] == [
        [step] for step in known
    ]
    commits = dict(zip(known, steps.values(), strict=True))
    said = {
        step: said_without(commits[step], known[step], checkout)
        for step in left_out(known)
    }
    unnoticed = {
        step: text
        for step, text in said.items()
        if f"FAILED {TESTS}::{known[step]} " not in text.replace("\n", " \n")
    }
    assert not unnoticed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_fits_on_two_screens(page: Path) -> None:
    assert len(page.read_text("utf-8").splitlines()) <= TWO_SCREENS
