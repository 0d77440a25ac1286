"""What a user does by hand to a project, and to the same project without connectors.

The second is the model: whatever was added and removed, at the end the first must have
the bytes of the second. Both get the same edit at the same place, told from lines that
both have: nothing here knows how the weave edits.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

SHARED = (
    ".env.example",
    "config.yaml.example",
    "docs/references/orchestration/prefect/flows.md",
    "docs/references/orchestration/prefect/tasks.md",
    "mkdocs.yml",
    "prefect.yaml",
    "pyproject.toml",
    "src/acme/orchestration/prefect/flows/__init__.py",
    "src/acme/orchestration/prefect/tasks/__init__.py",
    "src/acme/sources/__init__.py",
)
LEAF = re.compile(r"( +)- [A-Z][\w ]*: \S+\.md")
IMPORT = re.compile(r"()from \.\w+ import \w+")
NEED = re.compile(r"(    )\"[\w-]+[<>=!].*\",")
SETTING = re.compile(r"()[A-Z_0-9]+=")
# The lines of one kind that may stand in any order.
SIBLINGS = {
    "mkdocs.yml": LEAF,
    "pyproject.toml": NEED,
    ".env.example": SETTING,
    **{path: IMPORT for path in SHARED if path.endswith(".py")},
}
HEADER = "[project.optional-dependencies]"


def rows_of(text: str) -> list[str]:
    """Return the lines without their ends, and nothing after the last one's end."""
    return re.sub(r"\r\n?", "\n", text).removesuffix("\n").split("\n")


@dataclass
class User:
    """Who edits `root` by hand; `alone` is what the edits come to without connectors.

    In the files of `loose` a blank line more or less doesn't count: the user wrote
    between a line of ours and the blank line that sets it apart.
    """

    root: Path
    alone: dict[str, bytes]
    random: random.Random
    loose: set[str] = field(default_factory=set)
    count: int = 0

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_bytes(text.encode())

    def both(self, path: str, edit: Callable[[str], str | None]) -> bool:
        """Make one edit in both texts; in neither where one has no place for it."""
        before = (self.read(path), self.alone[path].decode())
        edited = [edit(text) for text in before]
        if any(text is None or not is_valid(path, text) for text in edited):
            return False
        self.write(path, str(edited[0]))
        self.alone[path] = str(edited[1]).encode()
        return edited != list(before)

    def name(self) -> str:
        self.count += 1
        return f"mine{self.count}"

    def edit(self) -> str | None:
        """Make one edit somewhere; say which, or None where it has no place."""
        path = self.random.choice(SHARED)
        verb = self.random.choice(VERBS)
        return f"{verb.__name__} in {path}" if verb(self, path) else None


def is_valid(path: str, text: str) -> bool:
    """Return whether a file can still be read by what reads it."""
    text = text.removeprefix("\ufeff")
    try:
        if path.endswith(".py"):
            ast.parse(text)
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith((".yml", ".yaml", ".yaml.example")):
            yaml.compose(text, yaml.SafeLoader)
    except (SyntaxError, ValueError, yaml.YAMLError):
        return False
    return True


def put(text: str, index: int, *rows: str) -> str:
    """Put lines in before the line at `index`, which ends as the others do."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _lines(text)
    if index >= len(lines) and lines and not lines[-1].endswith("\n"):
        return text + "".join(newline + row for row in rows)
    return "".join([*lines[:index], *(row + newline for row in rows), *lines[index:]])


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def gap(user: User, path: str, index: int) -> int | None:
    """Return the line of the model that line `index` stands for; None if unsure.

    It is beside a line that is once in both, or apart from it by lines of ours only.
    """
    whole, alone = rows_of(user.read(path)), rows_of(user.alone[path].decode())
    if index == len(whole):
        return len(alone)

    def anchor(row: str) -> bool:
        return bool(row.strip()) and whole.count(row) == alone.count(row) == 1

    if 0 < index < len(whole) and not (
        anchor(whole[index - 1]) or anchor(whole[index])
    ):
        begins = whole[index].lstrip().startswith(("- ", "from ", "::: "))
        if not begins and whole[index].strip():
            return None  # maybe in the middle of an entry

    for step, start in ((-1, index - 1), (1, index)):
        at = start
        while _is_ours(whole, alone, at):
            at += step
        if 0 <= at < len(whole) and anchor(whole[at]):
            place = alone.index(whole[at])
            beside = alone[place - step : place - step + 1]
            if at != start and beside and beside[0] not in whole:
                return None  # that line of the user's is one that we write in
            between = at != start or _is_ours(whole, alone, start - step)
            if between and not _as_apart(whole, alone, at, step):
                user.loose.add(path)
            return place + (1 if step < 0 else 0)
    return None


def _is_ours(whole: list[str], alone: list[str], at: int) -> bool:
    row = whole[at] if 0 <= at < len(whole) else ""
    return bool(row.strip()) and row not in alone


def _as_apart(whole: list[str], alone: list[str], at: int, step: int) -> bool:
    """Return whether as many blank lines lie between two lines that both texts have."""
    rows = range(at - step, len(whole) if step < 0 else -1, -step)
    other = next((n for n in rows if whole[n].strip() and whole[n] in alone), None)
    if other is None:
        return True
    low, high = sorted((at, other))
    first, last = sorted((alone.index(whole[at]), alone.index(whole[other])))
    blank = [not row for row in whole[low:high]].count(True)
    return blank == [not row for row in alone[first:last]].count(True)


def line(user: User, path: str, *rows: str) -> bool:
    """Put lines in at any place that both texts have."""
    places = list(range(len(rows_of(user.read(path))) + 1))
    user.random.shuffle(places)
    for index in places:
        other = gap(user, path, index)
        if other is None or (not index and rows[0].startswith("from ")):
            continue  # above the docstring nobody imports
        where = iter((index, other))
        if user.both(path, lambda text: put(text, next(where), *rows)):  # noqa: B023
            return True
    return False


def remark(user: User, path: str) -> bool:
    """Put a comment in at any place."""
    return line(
        user,
        path,
        f"<!-- {user.name()} -->" if path.endswith(".md") else f"# {user.name()}",
    )


def remark_anywhere(user: User, path: str) -> bool:
    """Put a comment in below our table's header, or between a blank line and us."""
    name, text = user.name(), user.read(path)
    rows, alone = rows_of(text), rows_of(user.alone[path].decode())
    places = [
        index
        for index, row in enumerate(rows)
        if row not in alone
        and row.startswith(("[project.opt", "::: ", "# ", "name"))
        and not rows[index - 1].strip()
    ]
    if not places or path.endswith(".py"):
        return False
    index = user.random.choice(places)
    below = rows[index].startswith("[")
    at, step = index - 1, -1
    while at >= 0 and not (
        rows.count(rows[at]) == alone.count(rows[at]) == 1 and rows[at]
    ):
        at += step
    if at < 0 or any(row in alone for row in rows[at + 1 : index] if row):
        return False
    remark = f"<!-- {name} -->" if path.endswith(".md") else f"# {name}"
    where = iter((index + below, alone.index(rows[at]) + 1))
    if not user.both(path, lambda text: put(text, next(where), remark)):
        return False
    user.loose.add(path)
    return True


def entry(user: User, path: str) -> bool:
    """Add an entry of the user's own, as people add one to such a file."""
    return ENTRIES[path](user, path)


def _page(user: User, path: str) -> bool:
    name = user.name()
    rows = rows_of(user.read(path))
    leaves = [n for n, row in enumerate(rows) if LEAF.fullmatch(row)]
    user.random.shuffle(leaves)
    for leaf in leaves:
        index = leaf + user.random.choice((0, 1))
        other, found = gap(user, path, index), LEAF.fullmatch(rows[leaf])
        if other is None or found is None:
            continue
        where = iter((index, other))
        row = f"{found[1]}- {name.title()}: {name}.md"
        if user.both(path, lambda text: put(text, next(where), row)):  # noqa: B023
            return True
    return False


def _requirement(user: User, path: str) -> bool:
    name = user.name()
    rows = rows_of(user.read(path))
    needs = [n for n, row in enumerate(rows) if NEED.fullmatch(row)]
    if needs and user.random.random() < 0.5:
        index = user.random.choice(needs) + user.random.choice((0, 1))
        other = gap(user, path, index)
        where = iter((index, other or 0))
        row = f'    "{name}>=1",'
        return other is not None and user.both(
            path, lambda text: put(text, next(where), row)
        )
    return user.both(path, lambda text: _with_extra(text, f'{name} = ["{name}>=1"]'))


def _with_extra(text: str, row: str) -> str | None:
    rows = rows_of(text)
    if HEADER in rows:
        return put(text, rows.index(HEADER) + 1, row)
    for index, each in enumerate(rows):
        if each == "]" and "dependencies = [" in rows[:index]:
            return put(text, index + 1, "", HEADER, row)
    return None


def _export(user: User, path: str) -> bool:
    name = user.name()
    whole, alone = user.read(path), user.alone[path].decode()
    found = [re.search(r"__all__.*= \[([^\r\n])", text) for text in (whole, alone)]
    if None in found:
        return False  # in one of them it is on several lines

    def listed(text: str) -> str:
        at = re.search(r"__all__.*= \[", text)
        assert at
        comma = "" if text[at.end()] == "]" else ", "
        return f'{text[: at.end()]}"{name}"{comma}{text[at.end() :]}'

    return line(user, path, f"from .{name} import {name}") and user.both(path, listed)


def _setting(user: User, path: str) -> bool:
    return line(user, path, f"{user.name().upper()}=1")


def _reference(user: User, path: str) -> bool:
    name = user.name()
    return user.both(
        path, lambda text: put(text, len(rows_of(text)), "", f"::: acme.{name}")
    )


def _deployment(user: User, path: str) -> bool:
    rows = (f"  - name: {user.name()}", "    entrypoint: mine.py:mine")
    return user.both(path, lambda text: _with_item(text, "deployments", rows))


def _source(user: User, path: str) -> bool:
    rows = (f"  - {user.name()}:", "      class: Mine")
    return user.both(path, lambda text: _with_item(text, "sources", rows))


def _with_item(text: str, key: str, item: tuple[str, ...]) -> str:
    """Put an item in as the first of a list, be it empty or not."""
    rows = rows_of(text.replace(f"{key}: []", f"{key}:"))
    return put(text.replace(f"{key}: []", f"{key}:"), rows.index(f"{key}:") + 1, *item)


ENTRIES: dict[str, Callable[[User, str], bool]] = {
    ".env.example": _setting,
    "config.yaml.example": _source,
    "mkdocs.yml": _page,
    "prefect.yaml": _deployment,
    "pyproject.toml": _requirement,
    **{path: _reference for path in SHARED if path.endswith(".md")},
    **{path: _export for path in SHARED if path.endswith(".py")},
}


def newlines(user: User, path: str) -> bool:
    """Convert the line ends of a file, as an editor or a checkout would."""
    to = user.random.choice(("\n", "\r\n"))
    return user.both(path, lambda text: re.sub(r"\r?\n", lambda _: to, text))


def swap(user: User, path: str) -> bool:
    """Exchange two lines of the user's own that may stand in any order."""
    pattern = SIBLINGS.get(path)
    alone, whole = rows_of(user.alone[path].decode()), rows_of(user.read(path))
    pairs = [
        (one, other)
        for one, other in pairwise(alone)
        if pattern and _alike(pattern, one, other)
        if all(alone.count(each) == whole.count(each) == 1 for each in (one, other))
    ]
    if not pairs:
        return False
    one, other = user.random.choice(pairs)

    def exchanged(text: str) -> str:
        ends = re.escape(one), re.escape(other)
        names = {one: other, other: one}
        found = re.compile(rf"(?m)^(?:{ends[0]}|{ends[1]})(?=\r?$)")
        return found.sub(lambda match: names[match.group()], text)

    return user.both(path, exchanged)


def move(user: User, path: str) -> bool:
    """Exchange a line of ours with the one beside it."""
    pattern, text = SIBLINGS.get(path), user.read(path)
    whole, alone = rows_of(text), rows_of(user.alone[path].decode())
    places = [
        index
        for index, (one, other) in enumerate(pairwise(whole))
        if pattern and path != ".env.example" and _alike(pattern, one, other)
        if (one in alone) + (other in alone) < 2
    ]
    if not places:
        return False
    index = user.random.choice(places)
    lines = _lines(text)
    if not lines[index + 1].endswith("\n"):
        return False
    lines[index : index + 2] = reversed(lines[index : index + 2])
    moved = "".join(lines)
    if not is_valid(path, moved):
        return False
    user.write(path, moved)
    return True


def _alike(pattern: re.Pattern[str], one: str, other: str) -> bool:
    found = pattern.fullmatch(one), pattern.fullmatch(other)
    return bool(found[0] and found[1] and found[0][1] == found[1][1])


VERBS: tuple[Callable[[User, str], bool], ...] = (
    remark,
    remark,
    remark_anywhere,
    entry,
    entry,
    entry,
    newlines,
    swap,
    move,
)
