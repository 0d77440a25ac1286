"""Several applications, one file; entries that people touched; files that are gone."""

from __future__ import annotations

import itertools
from dataclasses import replace

from sourcewright import ledger
from sourcewright.changes import (
    Application,
    Dependency,
    Edit,
    Lines,
    Plan,
    SharedFile,
    Woven,
)
from sourcewright.deciding.entries import plan_entries

PATH = "pyproject.toml"
GIVEN = '[project]\ndependencies = ["a"]\n'
B = Dependency(PATH, "b>=1")
C = Dependency(PATH, "c>=1")


def _plan(text: str | None, *applications: Application) -> Plan:
    shared = SharedFile(PATH, text, "" if text else "there is no such file")
    return plan_entries(applications, {PATH: shared})


def _after(plan: Plan, path: str = PATH) -> str | None:
    return {change.path: change.after for change in plan.changes}[path]


def _woven(plan: Plan, name: str) -> tuple[Woven, ...]:
    return ledger.parse(name, None, _after(plan, ledger.woven_path(name))).woven


def _app(name: str, *edits: Edit, woven: tuple[Woven, ...] = ()) -> Application:
    known = Application(name, edits, woven)
    return replace(known, woven_text=ledger.dump_woven(known) if woven else None)


def test_an_edit_that_two_hold_leaves_with_the_last() -> None:
    both = '[project]\ndependencies = ["a", "b>=1"]\n'
    one = _app("one", woven=(Woven(B),))
    two = _app("two", B, woven=(Woven(B),))
    plan = _plan(both, one, two)
    assert [change.path for change in plan.changes] == [ledger.woven_path("one")]
    assert _after(_plan(both, one)) == GIVEN


def test_an_update_takes_out_what_is_asked_no_longer() -> None:
    plan = _plan(
        '[project]\ndependencies = ["a", "b>=1"]\n', _app("one", C, woven=(Woven(B),))
    )
    assert _after(plan) == '[project]\ndependencies = ["a", "c>=1"]\n'
    assert _woven(plan, "one") == (Woven(C),)


def test_a_new_version_of_the_same_requirement_replaces_the_old() -> None:
    newer = Dependency(PATH, "b>=2")
    plan = _plan(
        '[project]\ndependencies = ["a", "b>=1"]\n',
        _app("one", newer, woven=(Woven(B),)),
    )
    assert _after(plan) == '[project]\ndependencies = ["a", "b>=2"]\n'


def test_an_entry_that_was_deleted_by_hand_is_put_in_again() -> None:
    plan = _plan(GIVEN, _app("one", B, woven=(Woven(B),)))
    assert _after(plan) == '[project]\ndependencies = ["a", "b>=1"]\n'


def test_an_entry_that_was_deleted_by_hand_may_leave() -> None:
    plan = _plan(GIVEN, _app("one", woven=(Woven(B),)))
    assert plan.pending == ()
    assert [change.path for change in plan.changes] == [ledger.woven_path("one")]


def test_an_entry_that_was_edited_by_hand_stops_the_file() -> None:
    edited = '[project]\ndependencies = ["a", "b>=0.7"]\n'
    plan = _plan(edited, _app("one", woven=(Woven(B),)), _app("two", C))
    assert PATH not in {change.path for change in plan.changes}
    reasons = {(name, each.action): each.reason for name, each in plan.pending}
    assert 'asks for "b>=0.7"' in reasons["one", "remove"]
    assert "another entry" in reasons["two", "add"]
    # What could not be taken out is still ours.
    assert _woven(plan, "one") == (Woven(B),)


def test_the_former_text_comes_back_with_the_last_of_a_list() -> None:
    names = ("one-distribution", "other-distribution", "third-distribution", "z")
    text = f"[project]\ndependencies = [{', '.join(repr(n) for n in names)}]\n"
    plan = _plan(text, _app("one", B), _app("two", C))
    exploded = _after(plan)
    assert exploded is not None
    assert "    'z',\n]" in exploded
    one, two = _woven(plan, "one"), _woven(plan, "two")
    assert one[0].former == two[0].former == text.partition(" = ")[2].rstrip("\n")
    first = _plan(exploded, _app("one", woven=one), _app("two", C, woven=two))
    left = _after(first)
    assert _after(_plan(left, _app("two", woven=two))) == text


def test_a_missing_file_is_pending_and_never_created() -> None:
    plan = _plan(None, _app("one", B))
    assert [each.reason for _, each in plan.pending] == ["there is no such file"]
    assert PATH not in {change.path for change in plan.changes}


def test_what_stands_in_a_file_that_can_not_be_read_is_not_forgotten() -> None:
    hidden = SharedFile(PATH, None, "it can't be read", hidden=True)
    one, two = _app("one", B, woven=(Woven(B),)), _app("two", woven=(Woven(C),))
    plan = plan_entries((one, two), {PATH: hidden})
    actions = [(name, each.edit, each.action) for name, each in plan.pending]
    assert actions == [("one", B, "restore"), ("two", C, "remove")]
    assert _woven(plan, "one") == (Woven(B),)
    assert _woven(plan, "two") == (Woven(C),)
    assert PATH not in {change.path for change in plan.changes}


LONG = [
    Dependency(PATH, f"{name}-distribution-with-a-name>=1") for name in ("d", "e", "f")
]


def test_a_list_that_got_too_long_is_short_again_with_what_is_left() -> None:
    first = _plan("[project]\ndependencies = []\n", _app("one", B))
    short, one = _after(first), _woven(first, "one")
    assert short == '[project]\ndependencies = ["b>=1"]\n'
    second = _plan(short, _app("one", B, woven=one), _app("two", *LONG))
    assert "\n    " in str(_after(second))
    one, two = _woven(second, "one"), _woven(second, "two")
    third = _plan(_after(second), _app("one", B, woven=one), _app("two", woven=two))
    assert _after(third) == short
    assert _woven(third, "one") == (Woven(B),)


def test_a_list_that_was_edited_is_on_one_line_when_ours_left() -> None:
    first = _plan(GIVEN, _app("one", B, C), _app("two", *LONG))
    one, two = _woven(first, "one"), _woven(first, "two")
    edited = str(_after(first)).replace('"a",\n', '"a>=2",\n')
    assert "\n    " in edited
    second = _plan(edited, _app("one", B, C, woven=one), _app("two", woven=two))
    assert _after(second) == GIVEN.replace('"a"', '"a>=2", "b>=1", "c>=1"')
    third = _plan(_after(second), _app("one", woven=_woven(second, "one")))
    assert _after(third) == GIVEN.replace('"a"', '"a>=2"')


def test_an_edited_list_is_on_one_line_when_the_last_of_ours_left() -> None:
    first = _plan(GIVEN, _app("one", *LONG), _app("two", B))
    one, two = _woven(first, "one"), _woven(first, "two")
    edited = str(_after(first)).replace('"a",\n', '"a>=2",\n')
    second = _plan(edited, _app("one", *LONG, woven=one), _app("two", woven=two))
    still = _after(second)
    assert '"a>=2",\n' in str(still)
    third = _plan(still, _app("one", woven=_woven(second, "one")))
    assert _after(third) == GIVEN.replace('"a"', '"a>=2"')


def test_a_list_that_somebody_shaped_stays_in_that_shape() -> None:
    first = _plan("[project]\ndependencies = []\n", _app("one", B), _app("two", *LONG))
    one, two = _woven(first, "one"), _woven(first, "two")
    shaped = str(_after(first)).replace('"b>=1",\n', '"b>=1",  # mine\n')
    second = _plan(shaped, _app("one", B, woven=one), _app("two", woven=two))
    assert _after(second) == '[project]\ndependencies = [\n    "b>=1",  # mine\n]\n'


def test_blocks_of_lines_stand_in_the_order_of_the_ledger_whichever_came_first() -> (
    None
):
    apps = [_app(name, Lines(PATH, f"# {name}\n{name}=")) for name in "abc"]
    sorted_text = "head\n\n# a\na=\n\n# b\nb=\n\n# c\nc=\n"
    for order in itertools.permutations(apps):
        text, there = "head\n", list[Application]()
        for app in order:
            there = sorted([*there, app], key=lambda each: each.id)
            plan = _plan(text, *there)
            text = _after(plan) or ""
            there = [
                _app(e.id, *e.edits, woven=_woven(plan, e.id))
                if any(c.path == ledger.woven_path(e.id) for c in plan.changes)
                else e
                for e in there
            ]
        assert text == sorted_text
        for app in order:
            gone = [
                replace(each, edits=()) if each.id == app.id else each for each in there
            ]
            text = _after(_plan(text, *gone)) or ""
            there = [each for each in there if each.id != app.id]
        assert text == "head\n"


def test_a_block_that_people_moved_to_another_line_is_not_parted_from_it() -> None:
    one, two = (Lines(PATH, f"{name}=") for name in "ab")
    given = "head\n# mine\nb=\n"
    plan = _plan(given, _app("a", one), _app("b", two, woven=(Woven(two),)))
    assert _after(plan) == f"{given}\na=\n"
