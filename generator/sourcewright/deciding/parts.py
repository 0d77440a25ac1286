"""The parts of the runtime that a project holds: those that its applications use.

A part is a module of a plain package of the template, such as `runtime`. Which others
it needs follows from its relative imports. Parts come with the first application that
uses them and leave with the last. All have one version: they change together, or not
at all.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

from sourcewright import ledger
from sourcewright.changes import Held, Part, Pending
from sourcewright.errors import TemplateUnusable
from sourcewright.staging import staging
from sourcewright.weave.splice import normalized

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sourcewright.changes import Application, Parts
    from sourcewright.tree import Tree

PACKAGES = ("runtime", "contracts")
_VERSION = re.compile(r"\bVersion (\d[\w.]*\w)")
_INIT = "__init__.py"


@dataclass(frozen=True)
class Supply:
    """The parts that one version of the template has: texts by package and path."""

    version: str
    texts: Mapping[str, Mapping[str, str]]


def read_supply(template: Path) -> Supply | None:
    """Return the parts in a template's folder on the disk; None if it has none.

    Raises:
        TemplateUnusable: the parts have no version, or one can't be read.
    """
    texts = {}
    try:
        for package in PACKAGES:
            place = template / "template" / package
            if place.is_dir():
                texts[package] = {
                    each.relative_to(place).as_posix(): each.read_text("utf-8")
                    for each in sorted(place.rglob("*.py"))
                }
    except (OSError, UnicodeDecodeError) as err:
        what = f"the template's parts can't be read: {err}"
        raise TemplateUnusable(what, where=str(template)) from err
    return supply_of(texts, str(template)) if texts else None


def supply_of(texts: Mapping[str, Mapping[str, str]], where: str) -> Supply:
    """Return the supply of texts by package and path; the runtime says its version.

    Raises:
        TemplateUnusable: it says none.
    """
    found = _VERSION.search(texts.get("runtime", {}).get(_INIT, ""))
    if not found:
        what = "the template's runtime has no version in its docstring"
        raise TemplateUnusable(what, where=where)
    return Supply(found[1], texts)


def closure(
    texts: Mapping[str, str], modules: Iterable[str]
) -> tuple[set[str], set[str]]:
    """Return the paths of modules and of all that they import, and what is missing.

    A module is named with dots, as `sql.postgresql`; only relative imports count. The
    `__init__.py` of every folder on the way belongs to it.
    """
    found: set[str] = set()
    missing: set[str] = set()
    left = list(modules)
    while left:
        module = left.pop()
        path = _path_of(texts, module)
        if path is None:
            missing.add(module)
            continue
        folders = path.split("/")[:-1]
        wanted = {
            path,
            *("/".join([*folders[:n], _INIT]) for n in range(len(folders) + 1)),
        }
        for each in sorted(wanted - found):
            if each in texts:
                found.add(each)
                left += _imported(texts, each)
    return found, missing


def _path_of(texts: Mapping[str, str], module: str) -> str | None:
    path = module.replace(".", "/")
    return next((e for e in (f"{path}.py", f"{path}/{_INIT}") if e in texts), None)


def _imported(texts: Mapping[str, str], path: str) -> set[str]:
    """Return the modules that one imports relatively; none if it isn't valid Python."""
    package = path.split("/")[:-1]
    found = set()
    for level, module, name in _relative_imports(texts[path]):
        base = [*package[: len(package) - level + 1], *module.split(".")]
        base = [each for each in base if each]
        inner = ".".join([*base, name])
        found.add(inner if _path_of(texts, inner) else ".".join(base))
    return found - {""}


@lru_cache(maxsize=512)
def _relative_imports(text: str) -> list[tuple[int, str, str]]:
    """Return level, module and name of each import; a text is parsed once."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        (node.level, node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    ]


def settle(
    tree: Tree, applications: Sequence[Application], supply: Supply | None
) -> tuple[list[tuple[str, Pending]], list[str]]:
    """Bring the parts of a project to what its applications use.

    With a supply they become its version: never an older one, and an edited part is
    merged. Without one, parts that nobody uses any more leave, and the others stay.
    Returns what is left to do by hand, in which case no part changes, and notes on
    parts that somebody edited.

    Raises:
        LedgerError: the record of the parts does not say what it should.
        UnsafePath: a folder leads out of the project.
    """
    work = _Work(tree, ledger.read_held(tree), supply)
    for application in applications:
        for part in application.parts:
            work.use(application.id, part)
    work.drop_unused()
    if not work.pending:
        for path, text in work.texts.items():
            tree.put(path, text)
        runtime = work.supply.version if work.supply else work.held.runtime
        ledger.put_held(tree, Held(runtime, work.blobs))
    return work.pending, work.notes


class _Work:
    """The parts of a project under way: their texts and ids, and what is stuck."""

    def __init__(self, tree: Tree, held: Held, supply: Supply | None) -> None:
        self.tree = tree
        self.held = held
        self.offered = supply
        known = held.runtime
        is_older = supply and known and Version(supply.version) < Version(known)
        self.supply = None if is_older else supply
        self.texts: dict[str, str | None] = {}
        self.blobs: dict[str, str] = {}
        self.pending: list[tuple[str, Pending]] = []
        self.notes: list[str] = []

    def use(self, owner: str, part: Parts) -> None:
        """Have the modules that an application asks for, and what they need."""
        standing = self._standing(part.folder)
        texts = self.supply.texts.get(part.package, {}) if self.supply else standing
        paths, missing = closure(texts, part.modules)
        if missing:
            self._stick(owner, part.folder, *self._why(", ".join(sorted(missing))))
        for each in sorted(paths):
            path = f"{part.folder}/{each}"
            if path in self.blobs:
                continue
            if self.supply:
                self.blobs[path] = blob_of(texts[each])
                self._replace(owner, path, texts[each])
            else:
                self.blobs[path] = self.held.files[path]

    def drop_unused(self) -> None:
        """Delete the parts that no application uses, but for those that were edited."""
        for path, blob in self.held.files.items():
            if path in self.blobs:
                continue
            now = _current(self.tree, path)
            if now is not None and blob_of(now) == blob:
                self.texts[path] = None
            elif now is not None:
                self.notes.append(f"{path} was edited: it stays, but nothing uses it")

    def _standing(self, folder: str) -> dict[str, str]:
        """Return the texts of the parts that are in a folder."""
        names = {path: path.removeprefix(f"{folder}/") for path in self.held.files}
        texts = {n: _current(self.tree, p) for p, n in names.items() if n != p}
        return {name: text for name, text in texts.items() if text is not None}

    def _replace(self, owner: str, path: str, text: str) -> None:
        """Have a part as the supply has it; keep or merge what somebody edited."""
        now, former = _current(self.tree, path), self.held.files.get(path)
        if now is None or blob_of(now) == former:
            self.texts[path] = text
        elif normalized(now) == text:
            pass
        elif former is None:
            why = "a file that is not Sourcewright's is where a part should be"
            self._stick(owner, path, why, "move it away, then run: sourcewright weave")
        elif former == blob_of(text):
            self.notes.append(f"{path} was edited: it is kept as it is")
        elif (merged := _merged(self.tree, now, former, text)) is not None:
            self.texts[path] = merged
            self.notes.append(f"{path} was edited: your change was merged")
        else:
            why = "it was edited, and the newer runtime changes the same lines"
            step = f"undo your change (git has the text: git cat-file blob {former}),"
            self._stick(owner, path, why, f"{step} then run: sourcewright update")

    def _why(self, names: str) -> tuple[str, str]:
        """Say why modules are missing, and what to do."""
        if self.supply:
            why = f"the runtime {self.supply.version} has no {names}"
            return why, "sourcewright update"
        if self.offered:
            why = (
                f"this template has the runtime {self.offered.version}, the project "
                f"already has {self.held.runtime}, without {names}"
            )
            return why, "use a template of the project's version, or a newer one"
        return f"{names} is not in the project", "sourcewright weave"

    def _stick(self, owner: str, file: str, why: str, step: str) -> None:
        self.pending.append((owner, Pending(Part(file), why, step, "supply")))


def _merged(tree: Tree, ours: str, base: str, theirs: str) -> str | None:
    """Merge two texts of a part over the one that git has by its id, if it does."""
    known = _git(tree.root, "cat-file", "blob", base)
    if known is None or blob_of(known) != base:
        return None
    with staging() as folder:
        for name, text in (("ours", ours), ("base", known), ("theirs", theirs)):
            (folder / name).write_text(text, encoding="utf-8", newline="")
        return _git(folder, "merge-file", "-p", "ours", "base", "theirs")


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def blob_of(text: str) -> str:
    """Return the id that git gives a file of this text, with plain newlines."""
    data = normalized(text).encode()
    header = b"blob %d\0" % len(data)
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def _current(tree: Tree, path: str) -> str | None:
    """Return what is at a path; a text that no part has if it can't be read."""
    try:
        return tree.text(path)
    except (OSError, UnicodeDecodeError):
        return "\0"
