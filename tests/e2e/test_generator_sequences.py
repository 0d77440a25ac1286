"""Any sequence of adds and removes, with the user's edits in between, is undone.

The real operations on a real folder; what Copier renders is remembered by the answers,
and a test renders it again. `make matrix` runs 1,000 sequences, `make test` the first.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sourcewright import ledger, reporting
from sourcewright.changes import Dependency, Export, Item, Lines, Reference
from sourcewright.commands import add, remove, weave
from sourcewright.errors import (
    AnswerRefused,
    EditRefused,
    InTheWay,
    SourcewrightError,
    StillNeeded,
)
from sourcewright.rendering.answers import Answers, collect
from sourcewright.rendering.render import Rendered, Template, render
from sourcewright.tree import Tree

from tests.e2e.by_hand import SHARED, User, rows_of
from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sourcewright.changes import Edit, Report

    from tests.e2e.conftest import Shell
    from tests.results import Keep

BLOCK = 50
SEEDS, COMMANDS = (1000, 6) if WHOLE else (2, 1)
COMPONENTS: tuple[tuple[str, Mapping[str, str], tuple[str, ...]], ...] = (
    ("destination", {"name": "adls"}, ()),
    ("destination", {"name": "local"}, ()),
    ("destination", {"name": "archive"}, ("kind=local",)),
    ("source", {"name": "postgresql"}, ("destinations=[adls]",)),
    ("source", {"name": "postgresql"}, ("destinations=[adls, local]",)),
    ("source", {"name": "orders_db"}, ("destinations=[local]",)),
    ("source", {"name": "orders_db"}, ("destinations=[adls, local]",)),
    ("source", {"name": "stock"}, ("destinations=[local, archive]",)),
    ("flow", {"source": "orders_db", "destination": "adls"}, ()),
    ("flow", {"source": "postgresql", "destination": "archive"}, ()),
)


class Remembered:
    """Renders each answers once: beside them, Copier looks at what was answered before.

    That is the project's package, and the kinds of a flow's two ends.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str | None, ...], Rendered] = {}

    def __call__(
        self,
        source: Template,
        answers: Answers,
        tree: Tree,
        *,
        ask: bool = False,
    ) -> Rendered:
        ends = (f"{end}-{answers.get(end)}" for end in ("source", "destination"))
        former = (
            tree.text(f".sourcewright/{application}/answers.yml")
            for application in ("project", *ends)
        )
        key = (repr(answers), *former)
        if key not in self.known:
            self.known[key] = render(source, answers, tree, ask=ask)
        return self.known[key]


def everything(root: Path) -> dict[str, bytes]:
    """Return the content of each file, hidden ones too."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def by_the_user(root: Path) -> dict[str, bytes]:
    """Return the content of each file but for the ledger's."""
    files = everything(root).items()
    return {path: text for path, text in files if not path.startswith(".sourcewright/")}


@dataclass
class Sequence:
    """One sequence on one project; `log` tells its steps, for when it goes wrong."""

    root: Path
    user: User
    random: random.Random
    template: Template
    counts: Counter[str]
    log: list[str] = field(default_factory=list)
    edited: dict[str, bytes] = field(default_factory=dict)

    def note(self, what: str, step: str = "") -> None:
        self.counts[what] += 1
        self.log.append(step or what)

    def applications(self) -> list[Any]:
        """Return the applications but for the project's own, as the ledger has them."""
        known = ledger.read(Tree(self.root))
        return [each for each in known if each.id != "project"]

    def refused(self, do: Callable[[], Any], *errors: type[Exception]) -> str:
        """Do what may be refused; when it is, nothing may have changed. Say why."""
        before = everything(self.root)
        try:
            do()
        except errors as err:
            assert everything(self.root) == before
            return str(err)
        return ""

    def add(self) -> None:
        component, given, settings = self.random.choice(COMPONENTS)
        asked = collect(component, dict(given), settings=list(settings))
        step = f"add {component} {given} {settings}"
        before, told = everything(self.root), []

        def do() -> None:
            told.append(add.generate(self.root, asked, self.template))

        if self.refused(do, StillNeeded, InTheWay, AnswerRefused):
            self.note("add refused", step + ": refused")
            return
        _, report = told[0]
        if any(verb == "conflict" for verb, _ in report.done):
            # Only where a file that the user edited is in the way.
            assert everything(self.root) == before
            conflicts = {path for verb, path in report.done if verb == "conflict"}
            assert conflicts <= self.edited.keys() | self.user.alone.keys()
            self.note("add in conflict", step + ": conflict")
            self._give_up(conflicts)
            return
        self.note("add", step)
        assert report.pending == (), report.pending
        self._disowned()
        whole = everything(self.root)
        plan, report = add.generate(self.root, asked, self.template)
        assert plan.changes == ()
        assert {verb for verb, _ in report.done} == {"identical"}
        assert everything(self.root) == whole

    def _give_up(self, paths: set[str]) -> None:
        """Delete files of the user's that are in the way, as the user would."""
        for path in paths:
            (self.root / path).unlink()
            self.edited.pop(path, None)
            self.user.alone.pop(path, None)

    def _disowned(self) -> None:
        """Count edited files that no application has any more as the user's."""
        owned = {file.path for each in self.applications() for file in each.files}
        for path in self.edited.keys() - owned:
            if (self.root / path).exists():
                self.user.alone[path] = self.edited[path]
            del self.edited[path]

    def remove(self, name: str, *, force: bool = False) -> bool:
        leaving = next(each for each in self.applications() if each.id == name)
        others = [each for each in self.applications() if each.id != name]
        theirs = {file.path for each in others for file in each.files}
        mine = {file.path for file in leaving.files} - theirs
        told: list[Report] = []
        why = self.refused(
            lambda: told.append(remove.remove(self.root, name, force=force)[1]),
            StillNeeded,
        )
        if why:
            self.note("remove refused", f"remove {name}: refused")
            return False
        self.note("remove --force" if force else "remove", f"remove {name} {force=}")
        kept = {path for verb, path in told[0].done if verb == "keep"}
        expected = set() if force else mine & self.edited.keys()
        assert kept == {path for path in expected if path in self.edited}
        assert all((self.root / p).read_bytes() == self.edited[p] for p in kept)
        assert not any((self.root / path).exists() for path in mine - kept)
        self.counts["kept"] += len(kept)
        self._disowned()
        return True

    def remove_any(self) -> None:
        names = [each.id for each in self.applications()]
        if names:
            force = self.random.random() < 0.2
            self.remove(self.random.choice(names), force=force)

    def weave(self) -> None:
        before = everything(self.root)
        plan, report = weave.weave(self.root)
        assert plan.changes == ()
        assert reporting.lines_of(report) == ["identical"]
        assert everything(self.root) == before
        self.note("weave again")

    def edit(self) -> None:
        what = self.user.edit()
        if what:
            self.note(f"edit: {what.partition(' ')[0]}", what)

    def edit_owned(self) -> None:
        """Edit a file that an application owns."""
        paths = sorted(f.path for each in self.applications() for f in each.files)
        paths = [path for path in paths if path not in self.edited]
        if paths:
            path = self.random.choice(paths)
            place = self.root / path
            place.write_bytes(place.read_bytes() + b"# mine\n")
            self.edited[path] = place.read_bytes()
            self.note("edit: owned", f"edit {path}")

    def edit_inside(self) -> None:
        """Edit an entry of ours: nothing may happen to it until it is restored."""
        held = Counter(w.edit for each in self.applications() for w in each.woven)
        ours = [
            (each.id, woven.edit)
            for each in self.applications()
            for woven in each.woven
            if not woven.found and held[woven.edit] == 1
        ]
        if not ours:
            return
        name, edit = self.random.choice(ours)
        before = everything(self.root)
        text = before[edit.file].decode()
        altered = spoiled(text, edit, self.random)
        if altered is None:
            return
        self.user.write(edit.file, altered)
        spoilt = everything(self.root)
        assert spoilt != before
        why = self.refused(lambda: remove.remove(self.root, name), EditRefused)
        assert f"where: {edit.file}" in why, (edit, altered)
        weave.weave(self.root)
        now = everything(self.root)
        assert {path: now[path] for path in SHARED} == {
            path: spoilt[path] for path in SHARED
        }
        self.user.write(edit.file, text)
        weave.weave(self.root)
        assert everything(self.root) == before
        self.note("edit: inside", f"edit inside {edit}")

    def run(self) -> None:
        steps = [self.add] * 4 + [self.remove_any] * 2 + [self.edit] * 6
        steps += [self.edit_owned, self.edit_inside, self.edit_inside, self.weave]
        for _ in range(self.random.randint(8, 20)):
            self.random.choice(steps)()
        while names := [each.id for each in self.applications()]:
            self.random.shuffle(names)
            done = [self.remove(name) for name in names]
            assert True in done
        self.compare()

    def compare(self) -> None:
        left = by_the_user(self.root)
        assert left.keys() == self.user.alone.keys()
        for path, text in self.user.alone.items():
            if path in self.user.loose:
                self.counts["files compared but for blank lines"] += 1
                assert _rows(left[path]) == _rows(text), path
            else:
                self.counts["files compared"] += 1
                assert left[path] == text, path


def _rows(text: bytes) -> list[str]:
    return [row for row in rows_of(text.decode()) if row.strip()]


def spoiled(text: str, edit: Edit, chance: random.Random) -> str | None:
    """Alter one line of an entry, as a user would; None where we can't tell which."""
    match edit:
        case Export():
            needles = [f"from {edit.module} import {edit.name}"]
        case Dependency():
            needles = [edit.requirement]
        case Item():
            needles = edit.item.split("\n")
        case Reference():
            needles = [f"::: {edit.identifier}"]
        case Lines():
            needles = [row for row in edit.text.split("\n") if row]
        case _:
            return None
    needle = chance.choice(needles).strip()
    rows = text.splitlines(keepends=True)
    found = [n for n, row in enumerate(rows) if needle in row]
    if not needle or len(found) != 1:
        return None
    row, newline = rows[found[0]], "\n"
    end = row[len(row.rstrip("\r\n")) :]
    bare = row.removesuffix(end)
    ways = [bare.replace(needle, f"{needle}x")]
    match edit:
        case Export() | Item():
            ways.append(f"{bare}  # mine")
        case Reference():  # another identifier would be another reference
            ways = [f"{bare}{end or newline}    options:{end or newline}      x: 1"]
        case Dependency():
            ways = [bare.replace(">=", ">"), f"{bare}  # mine"]
    rows[found[0]] = chance.choice(ways) + end
    return "".join(rows)


@pytest.fixture(scope="module")
def remembered() -> Remembered:
    return Remembered()


@pytest.fixture
def start(
    plain_template: Path, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], Template]:
    """Make a project in a folder; return the template that it is of."""
    monkeypatch.setattr(add, "render", remembered)
    template = Template(str(plain_template))

    def make(root: Path) -> Template:
        root.mkdir(parents=True)
        settings = ["project_name=Acme Pipelines", "package=acme"]
        asked = collect("project", {}, settings=settings)
        add.generate(root, asked, template)
        return template

    return make


@pytest.mark.parametrize("block", range(0, SEEDS, BLOCK))
def test_any_sequence_is_undone_to_what_the_user_alone_would_have(
    block: int, start: Callable[[Path], Template], tmp_path: Path, keep: Keep
) -> None:
    counts, last = Counter[str](), min(block + BLOCK, SEEDS)
    for seed in range(block, last):
        root = tmp_path / str(seed) / "acme"
        template = start(root)
        chance = random.Random(seed)  # noqa: S311
        user = User(root, by_the_user(root), chance)
        sequence = Sequence(root, user, chance, template, counts)
        try:
            sequence.run()
        except (AssertionError, SourcewrightError) as err:
            steps = "\n  ".join(sequence.log)
            err.add_note(f"seed {seed}, in {root}:\n  {steps}")
            raise
        shutil.rmtree(root.parent)
        counts["sequences"] += 1
    keep("sequences", seeds=f"{block} to {last - 1}", **counted(counts), wrong=0)


def counted(counts: Counter[str]) -> dict[str, int]:
    """Return the columns of a row of what was kept."""
    edits = sum(count for what, count in counts.items() if what.startswith("edit: "))
    return {
        "sequences": counts["sequences"],
        "adds": counts["add"],
        "refused": counts["add refused"] + counts["remove refused"],
        "in conflict": counts["add in conflict"],
        "removes": counts["remove"] + counts["remove --force"],
        "edits by hand": edits,
        "in our spans": counts["edit: inside"],
        "kept files": counts["kept"],
        "files compared": counts["files compared"],
        "but for blank lines": counts["files compared but for blank lines"],
    }


@pytest.mark.parametrize("seed", range(COMMANDS))
def test_the_commands_undo_a_sequence_too(
    seed: int, shell: Shell, plain_template: Path, tmp_path: Path, keep: Keep
) -> None:
    root, chance = tmp_path / "acme", random.Random(seed)  # noqa: S311
    root.mkdir()
    program = Path(sys.executable).with_name("sourcewright")

    def run(*words: str) -> tuple[int, str]:
        of = ["--template", str(plain_template)] if words[0] in {"new", "add"} else []
        done = shell.run(program, *words, *of, folder=root)
        return done.returncode, done.stdout

    named = ("--set", "project_name=Acme Pipelines", "--set", "package=acme")
    assert run("new", ".", *named)[0] == 0
    user = User(root, by_the_user(root), chance)
    for component, given, settings in chance.sample(COMPONENTS[:8], 4):
        options = [part for each in settings for part in ("--set", each)]
        words = ("add", component, *given.values(), *options)
        before = everything(root)
        if run(*words)[0]:
            assert everything(root) == before
            continue
        before = everything(root)
        code, said = run(*words)
        assert code == 0
        assert {line.split()[0] for line in said.splitlines()} == {"identical"}
        assert everything(root) == before
        for _ in range(4):
            user.edit()
    assert run("weave") == (0, "identical\n")
    while names := [
        each.id for each in ledger.read(Tree(root)) if each.id != "project"
    ]:
        assert 0 in [
            run("remove", each)[0] for each in chance.sample(names, len(names))
        ]
    left = by_the_user(root)
    for path in left.keys() | user.alone.keys():
        if path in user.loose:
            assert _rows(left[path]) == _rows(user.alone[path])
        else:
            assert left.get(path) == user.alone.get(path), path
    keep("commands", seed=str(seed), edits=user.count, files=len(left), wrong=0)


def test_what_is_remembered_is_what_copier_renders_again(
    start: Callable[[Path], Template], remembered: Remembered, tmp_path: Path
) -> None:
    template = start(tmp_path / "acme")
    tree = Tree(tmp_path / "acme")
    for component, given, settings in COMPONENTS[:: 1 if SEEDS == WHOLE else 4]:
        asked = collect(component, dict(given), settings=list(settings))
        assert remembered(template, asked, tree) == render(template, asked, tree)
