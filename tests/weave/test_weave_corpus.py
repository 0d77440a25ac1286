"""Every `__init__.py` that is installed here: woven or refused, never wrong."""

from __future__ import annotations

import ast
import json
import os
import random
import site
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sourcewright.changes import Export
from tests.sweeps import sampled

SAMPLE = 100
RUFF = (sys.executable, "-m", "ruff")
PATH = "src/acme/sources/__init__.py"
PLAIN = Export(PATH, ".postgresql_sw", "PostgresqlSw")
GUARDED = Export(PATH, ".other_sw", "OtherSw", requires="psycopg2")


def _installed():
    roots = [Path(each) for each in site.getsitepackages()]
    found = sorted(path for root in roots for path in root.rglob("__init__.py"))
    return sampled(found, SAMPLE)


def _names(text):
    """Return what the module exports, told by other means than the weave's own."""
    tree = ast.parse(text)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    strings = Counter(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return imported, strings


def _outcome(text, project_of):
    project = project_of({PATH: text})
    plan = project.ask("plain", PLAIN)
    woven = project.texts[PATH]
    if plan.pending:
        return "wrong: refused but changed" if woven != text else "refused"
    imported, strings = _names(text)
    now_imported, now_strings = _names(woven)
    if now_imported - imported != {"PostgresqlSw"}:
        return "wrong: imports"
    if now_strings - strings not in (Counter(), Counter(["PostgresqlSw"])):
        return "wrong: strings"
    if project.weave().changes:
        return "wrong: not idempotent"
    guarded = project.ask("guarded", GUARDED)
    both = project.texts[PATH]
    project.leave("plain")
    project.leave("guarded")
    if project.texts[PATH] != text:
        return "wrong: first in, first out"
    project.ask("plain", PLAIN)
    project.ask("guarded", GUARDED)
    if project.texts[PATH] != both:
        return "wrong: woven differently the second time"
    project.leave("guarded")
    project.leave("plain")
    if project.texts[PATH] != text:
        return "wrong: last in, first out"
    return "edited, but the guarded one" if guarded.pending else "edited"


@pytest.mark.timeout(1200)
def test_every_installed_init_file_is_woven_or_refused_and_never_wrong(project_of, keep):
    outcomes = Counter()
    wrong = []
    refused = Counter()
    for path in _installed():
        try:
            text = path.read_bytes().decode()
            ast.parse(text.removeprefix("\ufeff"))
        except (UnicodeDecodeError, SyntaxError, ValueError):
            outcomes["not Python in UTF-8"] += 1
            continue
        outcome = _outcome(text, project_of)
        outcomes[outcome] += 1
        if outcome.startswith("wrong"):
            wrong.append((str(path), outcome))
        if outcome == "refused":
            plan = project_of({PATH: text}).ask("plain", PLAIN)
            refused[plan.pending[0][1].reason] += 1
    print("\n__init__.py:", dict(outcomes), "refused:", dict(refused))
    edited = outcomes["edited"] + outcomes["edited, but the guarded one"]
    keep(
        "corpus",
        files="__init__.py",
        tried=edited + outcomes["refused"] + len(wrong),
        edited=edited,
        refused=outcomes["refused"],
        wrong=len(wrong),
    )
    assert wrong == []
    assert outcomes["refused"] <= 0.05 * outcomes.total()


def _broken(folder):
    """Return the modules that ruff's isort and RUF022, then its formatter, would change."""
    lint = ("check", "--select", "I001,RUF022")
    return [_named(folder, *lint), _named(folder, "format", "--check")]


def _named(folder, *command):
    options = ("--isolated", "--output-format", "json", ".")
    told = subprocess.run(
        [*RUFF, *command, *options], cwd=folder, capture_output=True, check=False
    )
    return {Path(each["filename"]).name for each in json.loads(told.stdout)}


def test_what_ruff_accepted_it_accepts_after_the_weave(project_of, tmp_path):
    """All but a few odd ones: `isort: skip`, a file of one newline, no import at all."""
    given, woven = tmp_path / "given", tmp_path / "woven"
    given.mkdir()
    woven.mkdir()
    for number, path in enumerate(_installed()):
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        project = project_of({PATH: text})
        refused = project.ask("plain", PLAIN).pending
        refused += project.ask("guarded", GUARDED).pending
        if not refused:
            (given / f"m{number}.py").write_bytes(text.encode())
            (woven / f"m{number}.py").write_bytes(project.texts[PATH].encode())
    for tool, before, after in zip(
        ("isort and RUF022", "format"), _broken(given), _broken(woven), strict=True
    ):
        count = len(list(given.iterdir()))
        clean = count - len(before)
        print(
            f"\n{tool}: {clean} of {count} were clean, {clean - len(after - before)} are"
        )
        assert len(after - before) <= 0.02 * clean
