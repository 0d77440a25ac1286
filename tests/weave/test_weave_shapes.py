"""Whole files in every shape that we thought of: woven or refused, never wrong.

Told by tests/weave/oracle.py, which shares no code with the weave.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from sourcewright.changes import Dependency, Item
from tests.weave import oracle
from tests.sweeps import WHOLE

CORPUS = Path(__file__).with_name("corpus")
PYPROJECT = sorted((CORPUS / "pyproject").iterdir())
MKDOCS = sorted((CORPUS / "mkdocs").iterdir())
TOML, NAV = "pyproject.toml", "mkdocs.yml"
NEEDED = "cattrs>=24.1"
EXTRA = ("psycopg2-binary>=2.9.10", "sqlalchemy[asyncio]>=2.1,<2.2")
PLACES = {
    "connectors_below_the_api": ("nav", "API", "Connectors"),
    "deep_place": ("nav", "Docs", "Developers", "References", "Sources"),
    "emoji": ("nav", "📚 References", "🗄️ Sources"),
    "top_level_place": ("nav",),
    "unicode": ("nav", "Referenz", "Quellen"),
}
PAGES = {"Orders DB": "references/sources/orders_db.md", "Abacus": "abacus.md"}


def dressed(text):
    """Return a file as it is; in a whole sweep, as other systems would have it too."""
    yield text
    if not WHOLE:
        return
    plain = text.replace(b"\r\n", b"\n")
    yield plain.replace(b"\n", b"\r\n")
    yield text.rstrip()
    if not text.startswith(b"\xef\xbb\xbf"):
        yield b"\xef\xbb\xbf" + text


def requirement_is_wrong(before, after, edit):
    """Say what is wrong with a requirement's coming in; nothing where all is well."""
    checks = {
        "other bytes": oracle.insertion(before, after),
        "another meaning": oracle.requires(before, after, edit.extra, edit.requirement),
        "another line end": oracle.line_ends_fit(before, after),
        "other quotes": oracle.quoted_as_beside(after, edit.requirement),
        "another indentation": oracle.indented_as_beside(after, edit.requirement),
        "another last comma": oracle.ends_as_before(before, after),
    }
    return [what for what, well in checks.items() if not well]


def page_is_wrong(before, after, edit):
    """Say what is wrong with a page's coming in; nothing where all is well."""
    title, _ = edit.item.split(": ")
    checks = {
        "other bytes": oracle.insertion(before, after),
        "another meaning": oracle.lists(before, after, edit.at, edit.item),
        "another line end": oracle.line_ends_fit(before, after),
        "another look": oracle.written_as_beside(after, edit.at, title),
    }
    return [what for what, well in checks.items() if not well]


def woven(given, edits, is_wrong, project_of):
    """Weave edits in and out in both orders; return the outcome, and what is wrong."""
    path = edits[0].file
    project = project_of({path: given.decode()})
    wrong, kinds, reasons = [], Counter(), []
    for number, edit in enumerate(edits):
        before = project.texts[path].encode()
        plan = project.ask(f"a{number}", edit)
        pending = [each for owner, each in plan.pending if owner == f"a{number}"]
        after = project.texts[path].encode()
        if pending:
            refused = pending[-1]
            reasons.append(refused.reason)
            wrong += ["changed, though refused"] if after != before else []
            wrong += [] if _names(refused.by_hand, edit) else ["no lines to add"]
        else:
            wrong += is_wrong(before, after, edit)
            kinds[oracle.insertion(before, after)] += 1
        wrong += ["woven twice"] if project.weave().changes else []
    whole = project.texts[path]
    for turn in (1, -1):
        for number in range(len(edits))[::turn]:
            project.leave(f"a{number}")
        if project.texts[path].encode() != given:
            wrong.append(f"not undone, {'first' if turn == 1 else 'last'} one first")
        if turn == 1:
            for number, edit in enumerate(edits):
                project.ask(f"a{number}", edit)
            wrong += ["woven otherwise"] if project.texts[path] != whole else []
    return wrong, kinds, reasons


def _names(by_hand, edit):
    """Return whether the lines to add by hand have the entry, and where it goes."""
    if isinstance(edit, Dependency):
        return edit.requirement in by_hand and "[project" in by_hand
    return edit.item in by_hand and all(key in by_hand for key in edit.at)


def swept(name, shapes, edits_of, is_wrong, project_of, keep):
    """Sweep a collection; print and give the counts."""
    outcomes, kinds, refused, wrong = Counter(), Counter(), set(), []
    for shape in shapes:
        for number, given in enumerate(dressed(shape.read_bytes())):
            found, how, reasons = woven(given, edits_of(shape), is_wrong, project_of)
            kinds += how
            wrong += [(shape.name, number, what) for what in found]
            outcomes["wrong" if found else "refused" if reasons else "edited"] += 1
            refused |= {(shape.name, reason) for reason in reasons}
    print(f"\n{name}: {len(shapes)} shapes: {tally(outcomes)} {dict(kinds)}")
    for each in sorted(refused):
        print("  refused:", *each)
    keep("corpus", files=name, tried=outcomes.total(), **tally(outcomes))
    assert wrong == []
    assert outcomes["refused"] <= 0.05 * outcomes.total()


def tally(outcomes):
    return {each: outcomes[each] for each in ("edited", "refused", "wrong")}


def edits_of_pyproject(shape):
    dynamic = oracle.toml(shape.read_bytes()).get("project", {}).get("dynamic", [])
    needed = [] if "dependencies" in dynamic else [Dependency(TOML, NEEDED)]
    return [*needed, *(Dependency(TOML, each, "orders") for each in EXTRA)]


def edits_of_mkdocs(shape):
    at = PLACES.get(shape.stem, ("nav", "References", "Sources"))
    return [Item(NAV, at, f"{title}: {path}") for title, path in PAGES.items()]


def test_every_shape_of_pyproject_is_woven_or_refused_and_never_wrong(project_of, keep):
    assert len(PYPROJECT) >= 60
    swept(TOML, PYPROJECT, edits_of_pyproject, requirement_is_wrong, project_of, keep)


def test_every_shape_of_mkdocs_is_woven_or_refused_and_never_wrong(project_of, keep):
    assert len(MKDOCS) >= 60
    swept(NAV, MKDOCS, edits_of_mkdocs, page_is_wrong, project_of, keep)


WRONG = [
    (b"a\r\nb\n", b"a\r\nx\r\nb\r\n"),
    (b"a = 1\nb = 2\n", b"a=1\nx = 0\nb = 2\n"),
    (b"a = [1, 2]\n", b"a = [\n2,\n1,\n3,\n]\n"),
    (b"a\n", b""),
    (b"x: [] # y\n", b"x:\n- 1\n"),
]


@pytest.mark.parametrize(("before", "after"), WRONG)
def test_the_oracle_tells_a_collateral_byte(before, after):
    assert oracle.insertion(before, after) is None


def test_the_oracle_tells_another_meaning_and_another_look():
    before = b"[project]\ndependencies = [\n  'a',\n  'c',\n]\n"
    good = before.replace(b"  'c'", b"  'b',\n  'c'")
    assert oracle.requires(before, good, None, "b")
    assert not oracle.requires(before, before[:-2] + b"  'b',\n]\n", None, "b")
    assert not oracle.requires(before, good + b"[x]\n", None, "b")
    assert not oracle.quoted_as_beside(good.replace(b"'b'", b'"b"'), "b")
    assert not oracle.indented_as_beside(good.replace(b"  'b'", b"    'b'"), "b")
    assert not oracle.ends_as_before(before, before.replace(b"'c',", b"'c',\n  'd'"))
    assert not oracle.line_ends_fit(before, good.replace(b"'b',\n", b"'b',\r\n"))
    nav = b"nav:\n- 'A': a.md\n- 'C': c.md\n"
    good = nav.replace(b"- 'C'", b"- 'B': b.md\n- 'C'")
    assert oracle.lists(nav, good, ("nav",), "B: b.md")
    assert not oracle.lists(nav, nav + b"- 'B': b.md\n", ("nav",), "B: b.md")
    assert not oracle.lists(nav, good + b"x: 1\n", ("nav",), "B: b.md")
    assert not oracle.written_as_beside(good.replace(b"'B'", b"B"), ("nav",), "B")
