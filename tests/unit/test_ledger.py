"""What the ledger's files may say."""

from __future__ import annotations

import pytest
from sourcewright import ledger
from sourcewright.changes import Dependency, Edit, Export, Item, Lines, Pending, Woven
from sourcewright.errors import LedgerError

EDITS: list[Edit] = [
    Export("a.py", ".m", "N", "psycopg2"),
    Dependency("pyproject.toml", "adlfs>=2026.4", "adls"),
    Item("mkdocs.yml", ("nav", "Sources"), "name: x\nmore:\n  - ü"),
    Lines(".env", "# a\nA="),
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("former", [None, "", "[]", '[\n    "A",\n]', "[\r\n]"])
def test_what_is_written_is_read_again(edit: Edit, former: str | None) -> None:
    woven = (Woven(edit, former),)
    pending = (Pending(edit, "why", "two\nlines", "remove"),)
    text = ledger.dump_woven(woven, pending)
    application = ledger.parse("a", None, text)
    assert (application.woven, application.pending) == (woven, pending)
    assert ledger.dump_woven(application.woven, application.pending) == text


def test_a_block_and_a_plain_text_are_the_same_item() -> None:
    text = "version: 1\nedits:\n- {edit: item, file: f, at: [a], item: %s}\n"
    plain = ledger.parse("a", text % "x", None).edits
    block = ledger.parse("a", text % '"x\\n"', None).edits
    assert plain == block


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
