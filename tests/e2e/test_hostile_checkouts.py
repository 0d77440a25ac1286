"""Checkouts of an enemy, cloned, then every command: nothing but the project changes.

What must stay: everything outside the checkout, and git's own files. Commands that only
read change nothing at all. No command takes what the project says for a bug of ours.

In `make test` each case meets one of the rendering commands, by turns, and all others.
In `make matrix` it meets all; tests/matrix/hostile.md has the counts.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli
from sourcewright.commands import merge
from sourcewright.tree import LARGEST, sha256

from tests.kills.state import difference, state
from tests.sweeps import WHOLE, sampled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout
    from tests.results import Keep

PROJECT = ".sourcewright/project"
SOURCE = ".sourcewright/source-postgresql"
PAYLOAD = "#!/bin/sh\ntouch PAYLOAD\n"
WRITING = {
    "weave": ("weave",),
    "add a source": ("add", "source", "orders_db", "--set", "dialect=sqlite"),
    "add it again": ("add", "source", "postgresql"),
    "add a flow": ("add", "flow", "postgresql", "adls"),
    "remove": ("remove", "source-postgresql", "--force"),
    "init": ("init",),
    "new": ("new", "."),
    "update": ("update",),
}
READING = {
    "list": ("list",),
    "check": ("check",),
    "weave": ("weave", "--dry-run"),
    "add": ("add", "source", "postgresql", "--dry-run"),
    "remove": ("remove", "source-postgresql", "--dry-run"),
    "update": ("update", "--dry-run"),
}


def _journal(folder: str) -> Callable[[Checkout], None]:
    def lay(project: Checkout) -> None:
        entries = [
            {
                "path": ".git/hooks/post-index-change",
                "before": sha256(PAYLOAD),
                "after": None,
            },
            {"path": "README.md", "before": None, "after": "0" * 64},
        ]
        data = {"root": 1, "entries": entries, "made": []}
        project.write(f"{folder}/journal.json", json.dumps(data))
        project.write(f"{folder}/before/0", PAYLOAD)
        (project.path / folder / "before/0").chmod(0o755)

    return lay


def _edit(file: str, ledger: str = "edits.yml") -> Callable[[Checkout], None]:
    def lay(project: Checkout) -> None:
        project.write(
            f"{SOURCE}/{ledger}",
            f"version: 1\nedits:\n  - edit: lines\n    file: {file}\n"
            "    text: |\n      [alias]\n      status = !touch PAYLOAD\n",
        )

    return lay


def _owned(path: str, key: str = "files") -> Callable[[Checkout], None]:
    """Own a file as it is, so that `remove` would delete it."""

    def lay(project: Checkout) -> None:
        head = path.casefold() == ".git/head"
        text = project.read(".git/HEAD") if head else "mine\n"
        owned = f"{key}:\n  {path}: sha256:{sha256(text)}\n"
        project.write(f"{SOURCE}/edits.yml", f"version: 1\nedits: []\n{owned}")

    return lay


def _text(path: str, text: str) -> Callable[[Checkout], None]:
    def lay(project: Checkout) -> None:
        project.write(path, text)

    return lay


def _answer(key: str, value: object) -> Callable[[Checkout], None]:
    def lay(project: Checkout) -> None:
        line = f"{key}: {json.dumps(value)}\n"
        text = project.read(f"{PROJECT}/answers.yml")
        kept = [
            e for e in text.splitlines(keepends=True) if not e.startswith(f"{key}:")
        ]
        project.write(f"{PROJECT}/answers.yml", "".join((*kept, line)))

    return lay


def _template(project: Checkout) -> None:
    """Name a template of one's own, with a task that runs a command."""
    evil = project.path.parent / "template"
    evil.mkdir()
    task = f"touch {project.path.parent}/PAYLOAD"
    (evil / "copier.yml").write_text(f"_tasks: [{json.dumps(task)}]\n")
    made = type(project)(evil, project.shell)
    made.git("init", "--quiet")
    made.commit()
    made.git("tag", "v1.0.0")
    for answers in project.path.glob(".sourcewright/*/answers.yml"):
        rows = answers.read_text().splitlines(keepends=True)
        kept = [e for e in rows if not e.startswith(("_src_path:", "_commit:"))]
        answers.write_text(f"{''.join(kept)}_src_path: {evil}\n_commit: v1.0.0\n")


def _link(path: str, target: str) -> Callable[[Checkout], None]:
    def lay(project: Checkout) -> None:
        place = project.path / path
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
        place.symlink_to(target)

    return lay


def _owned_through_a_link(project: Checkout) -> None:
    (project.path / "out").symlink_to("../outside")
    _owned("out/mine")(project)


def _too_large(project: Checkout) -> None:
    with (project.path / f"{SOURCE}/woven.yml").open("r+b") as file:
        file.truncate(LARGEST + 1)


def _odd_folder(project: Checkout) -> None:
    project.write(".sourcewright/weird-thing/edits.yml", "version: 1\nedits: []\n")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(9 * [f'*{chr(97 + n)}'])}]\n"
    for n in range(9)
)
NEWER = "version: 2\nedits: []\n"

COMMITTED: dict[str, Callable[[Checkout], None]] = {
    "a journal": _journal(".sourcewright-journal"),
    "a journal in the ledger": _journal(".sourcewright/.journal"),
    "a template with a task": _template,
    "an edit of git's configuration": _edit(".git/config"),
    "an edit in capitals": _edit(".GIT/config"),
    "an edit of a nested repository": _edit("nested/.git/config"),
    "an edit of a hook": _edit(".git/hooks/post-index-change"),
    "an edit with a stream of Windows": _edit("'.git::$INDEX_ALLOCATION/config'"),
    "an edit with a short name": _edit("git~1/config"),
    "an edit of the ledger in capitals": _edit(".SourceWright/x.yml"),
    "an edit outside": _edit("../outside/mine"),
    "a woven edit outside": _edit("../outside/mine", "woven.yml"),
    "a file outside": _owned("../outside/mine"),
    "a file of git's": _owned(".git/HEAD"),
    "a file of git's in capitals": _owned(".Git/HEAD"),
    "a file of git's, as created": _owned(".git/HEAD", "created"),
    "a file through a link": _owned_through_a_link,
    "a link for the ledger": _link(".sourcewright", "../outside"),
    "a link for the package": _link("src", "../outside"),
    "a link for a shared file": _link("pyproject.toml", "../outside/mine"),
    "a source folder outside": _answer("source_folder", "../outside"),
    "a source folder of git's": _answer("source_folder", ".git/hooks"),
    "a tests folder of git's": _answer("tests_folder", ".git/hooks"),
    "a docs folder outside": _answer("docs_folder", "../outside"),
    "a package that is code": _answer("package", "acme; import os"),
    "a package that is a path": _answer("package", "../../outside"),
    "a package that is a number": _answer("package", 1),
    "a distribution that is code": _answer("distribution", '"; import os; "'),
    "answers that are a list": _text(f"{PROJECT}/answers.yml", "- a\n"),
    "answers that are a bomb": _text(f"{PROJECT}/answers.yml", BOMB),
    "edits that are a number": _text(f"{SOURCE}/edits.yml", "version: 1\nedits: 7\n"),
    "edits of a newer version": _text(f"{SOURCE}/edits.yml", NEWER),
    "a file that is a number": _text(
        f"{SOURCE}/edits.yml", "version: 1\nfiles: {1: 2}\n"
    ),
    "a need with odd answers": _text(
        f"{SOURCE}/edits.yml",
        "version: 1\nneeds: [{file: a.py, name: b, answers: 'c'}]\n",
    ),
    "nested without end": _text(f"{SOURCE}/edits.yml", "[" * 100_000),
    "woven that is a text": _text(f"{SOURCE}/woven.yml", "version: 1\nedits: all\n"),
    "an application of no component": _odd_folder,
    "settings that are a list": _text("pyproject.toml", "tool.sourcewright = []\n"),
    "settings that lead outside": _text(
        "pyproject.toml", '[tool.sourcewright]\nsource-folder = "../outside"\n'
    ),
}
# What a clone doesn't carry, but an archive or a disk may have.
LAID: dict[str, Callable[[Checkout], None]] = {
    "edits of any length": _too_large,
}


def _wrong(
    given: Checkout, folder: Path, commands: list[list[str]], *, reads: bool
) -> list[str]:
    """Run commands in one copy of a checkout; return what is wrong with any."""
    root = folder / "acme"
    shutil.copytree(given.path, root, symlinks=True)
    (folder / "outside").mkdir()
    (folder / "outside/mine").write_text("mine\n")
    merge.register(root)  # as each command does: nothing else may change in git
    before, git = state(folder), state(root / ".git")
    with contextlib.chdir(root):
        bugs = [each for each in commands if cli.run(each) == cli.BUG]
    after, now = state(folder), state(root / ".git")
    given.shell.run("git", "status", folder=root)  # would run a hook, or an alias
    if not reads:
        before, after = (
            {path: each for path, each in one.items() if not path.startswith("acme/")}
            for one in (before, after)
        )
    hooks = {path for path in now if path.startswith("hooks/") and path not in git}
    kept = {path: each for path, each in now.items() if path in git}
    wrong = [f"a bug in {' '.join(each)}" for each in bugs]
    wrong += [difference(before, after)] if before != after else []
    wrong += [f"git: {difference(git, kept)}"] if git != kept else []
    wrong += [f"hooks: {hooks}"] if hooks else []
    return wrong + [str(each) for each in folder.rglob("PAYLOAD")]


@pytest.fixture
def cloned(
    acme: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Checkout]:
    """Return a clone of the checkout of a case."""
    for key, value in acme.shell.environment.items():
        if key != "PATH":
            monkeypatch.setenv(key, value)

    def clone(case: str) -> Checkout:
        theirs = type(acme)(tmp_path / "theirs/acme", acme.shell)
        shutil.copytree(acme.path, theirs.path, symlinks=True)
        if case in COMMITTED:
            COMMITTED[case](theirs)
            theirs.git("add", "--all", "--force")
            theirs.git("commit", "--quiet", "--message", case)
        made = type(acme)(tmp_path / "cloned", acme.shell)
        made.path.mkdir()
        made.git("clone", "--quiet", str(theirs.path), ".")
        if case in LAID:
            LAID[case](made)
        return made

    return clone


CASES = [*COMMITTED, *LAID]
RENDERING = [
    e for e, command in WRITING.items() if command[0] in {"add", "init", "new"}
]


def _left_out(case: str) -> set[str]:
    """Return the commands that a case doesn't meet in a sample."""
    if WHOLE:
        return set()
    return {*RENDERING, "add"} - {RENDERING[CASES.index(case) % len(RENDERING)]}


@pytest.mark.parametrize("case", sampled(CASES, 12))
def test_no_command_leaves_the_project_or_calls_it_a_bug(
    case: str,
    *,
    cloned: Callable[[str], Checkout],
    plain_template: Path,
    tmp_path: Path,
    keep: Keep,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given, left_out = cloned(case), _left_out(case)
    template = ["--template", str(plain_template)]
    runs = {"reading": [c for e, c in READING.items() if e not in left_out]}
    runs |= {e: [c] for e, c in WRITING.items() if e not in left_out}
    wrong = []
    for name, commands in runs.items():
        folder = tmp_path / name
        folder.mkdir()
        renders = {"add", "init", "new"}
        given_as = [[*c, *(template if c[0] in renders else [])] for c in commands]
        found = _wrong(given, folder, given_as, reads=name == "reading")
        if found:
            wrong.append(f"{name}: {found}\n{capsys.readouterr().err[-900:]}")
        shutil.rmtree(folder)
    tried = sum(len(commands) for commands in runs.values())
    keep("hostile", case=case, commands=tried, wrong=len(wrong))
    assert not wrong, "\n\n".join(wrong)
