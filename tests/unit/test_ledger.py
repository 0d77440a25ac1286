"""What the ledger's files may say."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sourcewright import ledger, weave
from sourcewright.changes import (
    Application,
    Dependency,
    Edit,
    Export,
    Item,
    Lines,
    Need,
    OwnedFile,
    Parts,
    Pending,
    Woven,
)
from sourcewright.errors import LedgerError
from sourcewright.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

EDITS: list[Edit] = [
    Export("a.py", ".m", "N", "psycopg2"),
    Dependency("pyproject.toml", "adlfs>=2026.4", "adls"),
    Item("mkdocs.yml", ("nav", "Sources"), "name: x\nmore:\n  - ü"),
    Lines(".env", "# a\nA="),
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("former", [None, "", "[]", '[\n    "A",\n]', "[\r\n]"])
def test_what_is_written_is_read_again(edit: Edit, former: str | None) -> None:
    asked = Application(
        "a",
        (edit,),
        (Woven(edit, former),),
        (Pending(edit, "why\nso", weave.by_hand(edit), "restore"),),
        needs=(Need("tasks.py", "df_to_x", "component=destination, name=x"),),
        files=(OwnedFile("a b.py", "ab" * 32),),
        created=(OwnedFile("c.py", "cd" * 32),),
        parts=(Parts("runtime", "src/acme/runtime", ("config", "sql.source")),),
    )
    leaving = replace(
        asked, edits=(), pending=(replace(asked.pending[0], action="remove"),)
    )
    absent = replace(
        asked, woven=(), pending=(replace(asked.pending[0], action="add"),)
    )
    found = replace(asked, woven=(Woven(edit, found=True),))
    for each in (asked, leaving, absent, found):
        text = ledger.dump_woven(each)
        assert ledger.parse("a", None, text) == replace(each, woven_text=text)


def test_what_edits_need_is_in_a_woven_yml_and_not_asked_for() -> None:
    edit = Export("a.py", ".m", "N", "psycopg2")
    asked = Application("a", (edit,))
    needed = [each for each in ledger.wanted(asked) if each != edit]
    assert needed
    woven = tuple(Woven(each) for each in (*needed, edit))
    known = ledger.parse("a", None, ledger.dump_woven(replace(asked, woven=woven)))
    assert (known.edits, known.woven) == ((edit,), woven)


def test_nothing_asked_and_nothing_left_is_no_woven_yml() -> None:
    assert ledger.dump_woven(Application("a")) is None


def test_edits_override_what_a_woven_yml_asks_for_until_they_are_taken_over() -> None:
    one, two = Lines("f", "one="), Lines("f", "two=")
    woven = ledger.dump_woven(Application("a", (one,), (Woven(one),)))
    asks = "version: 1\nedits:\n- {edit: lines, file: f, text: two=}\n"
    known = ledger.parse("a", asks, woven)
    assert (known.edits, known.woven) == ((two,), (Woven(one),))


def test_a_block_and_a_plain_text_are_the_same_item() -> None:
    text = "version: 1\nedits:\n- {edit: item, file: f, at: [a], item: %s}\n"
    plain = ledger.parse("a", text % "x", None).edits
    block = ledger.parse("a", text % '"x\\n"', None).edits
    assert plain == block


def test_edits_are_those_of_the_answers_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / ".sourcewright/source-a"
    folder.mkdir(parents=True)
    answers = "# By Copier.\n_commit: v1\n_src_path: a very\n    long\nname: a\n"
    (folder / "answers.yml").write_bytes(answers.replace("\n", "\r\n").encode())
    stamp = hashlib.sha256(b"name: a\n").hexdigest()
    asked = (
        f"version: 1\nanswers: {stamp}\nedits: [{{edit: lines, file: f, text: x}}]\n"
    )
    (folder / "edits.yml").write_text(asked)
    (application,) = ledger.read(Tree(tmp_path))
    assert application.edits == (Lines("f", "x"),)
    (folder / "answers.yml").write_text(f"{answers}other: true\n")
    with pytest.raises(LedgerError, match="made with other answers") as caught:
        ledger.read(Tree(tmp_path))
    assert "delete it" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[", "not valid YAML"),
        ("edits: []", "not of version 1"),
        ("version: 2\nedits: []", "newer Sourcewright"),
        ("- a", "not of version 1"),
        ("version: 1\nedits: {a: b}", "no list"),
        ("version: 1\nedits: [a]", "no list"),
        ("version: 1\nedits: [{edit: shell, file: a}]", "known are: export"),
        ("version: 1\nedits: [{edit: lines, file: a}]", 'without "text"'),
        ("version: 1\nedits: [{edit: lines, file: a, text: 1}]", 'no text in "text"'),
        ("version: 1\nedits: [{edit: lines, file: a, text: b, c: d}]", '"c"'),
        ("version: 1\nedits: [{edit: item, file: a, at: b, item: c}]", '"at"'),
        ("version: 1\nedits: [{edit: item, file: a, at: [], item: c}]", '"at"'),
        ("version: 1\nedits: [!!python/name:os.system {}]", "not valid YAML"),
    ],
)
def test_anything_else_is_refused_and_named(text: str, what: str) -> None:
    with pytest.raises(LedgerError) as caught:
        ledger.parse("a", text, None)
    assert what in caught.value.what
    assert caught.value.where == ".sourcewright/a/edits.yml"
