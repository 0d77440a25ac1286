"""Read and write the ledger: the folder .sourcewright/ of a project.

.sourcewright/<application>/answers.yml   what was answered (Copier writes it)
.sourcewright/<application>/edits.yml     the edits that it needs, the files that it
                                          owns (Copier writes it)
.sourcewright/<application>/woven.yml     the edits as they stand (the weave writes it)
"""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright.changes import (
    Application,
    Dependency,
    Edit,
    Export,
    Held,
    Import,
    Item,
    Lines,
    Need,
    OwnedFile,
    Part,
    Parts,
    Pending,
    Reference,
    Settings,
    Woven,
)
from sourcewright.errors import LedgerError
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.tree import Tree

VERSION = 1
HELD = f"{LEDGER}/runtime.yml"
_RELEASE = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?")
# The answers that commands read, and that are texts.
TEXTS = {
    *("package", "source_folder", "tests_folder", "docs_folder", "distribution"),
    *("project_name", "metadata", "runtime", "name", "kind", "source", "destination"),
}
KINDS: dict[str, type[Edit]] = {
    "export": Export,
    "import": Import,
    "dependency": Dependency,
    "item": Item,
    "reference": Reference,
    "lines": Lines,
    "settings": Settings,
}
_ANSWERS = re.compile(r"component=[a-z]+(, [a-z_]+=[a-z0-9_]+)*")
_NAMES: dict[type, str] = {kind: name for name, kind in KINDS.items()} | {Part: "part"}


def read(tree: Tree) -> list[Application]:
    """Read every application of a project, ordered by id; none without a ledger.

    Raises:
        LedgerError: a file does not say what it should.
        UnsafePath: the ledger leads out of the project.
    """
    try:
        names = tree.applications()
    except OSError as err:
        raise _broken(LEDGER, f"can't be read: {err}") from err
    return [_read_application(tree, name) for name in names]


def woven_path(application: str) -> str:
    """Give the path of an application's woven.yml in the project."""
    return f"{LEDGER}/{application}/woven.yml"


def _read_application(tree: Tree, name: str) -> Application:
    edits_text = _text(tree, f"{LEDGER}/{name}/edits.yml")
    return parse(name, edits_text, _text(tree, woven_path(name)))


@lru_cache(maxsize=256)  # one command reads the same texts several times
def parse(name: str, edits_text: str | None, woven_text: str | None) -> Application:
    """Read an application from its files' texts; None stands for a missing file.

    Each text is read once, however often a command asks: YAML is slow to parse.

    Raises:
        LedgerError: a text does not say what it should.
    """
    edits = None
    needs: tuple[Need, ...] = ()
    files: tuple[OwnedFile, ...] = ()
    created: tuple[OwnedFile, ...] = ()
    parts: tuple[Parts, ...] = ()
    if edits_text is not None:
        where = f"{LEDGER}/{name}/edits.yml"
        edits = tuple(_edit(e, where) for e in _entries(edits_text, where, "edits"))
        needs = tuple(_need(e, where) for e in _entries(edits_text, where, "needs"))
        files = tuple(_file(e, where) for e in _entries(edits_text, where, "files"))
        created = tuple(_file(e, where) for e in _entries(edits_text, where, "created"))
        parts = tuple(_parts(e, where) for e in _entries(edits_text, where, "parts"))
    woven: tuple[Woven, ...] = ()
    pending: tuple[Pending, ...] = ()
    if woven_text is not None:
        where = woven_path(name)
        woven = tuple(_woven(e, where) for e in _entries(woven_text, where, "woven"))
        pending = tuple(
            _pending(e, where) for e in _entries(woven_text, where, "pending")
        )
    return Application(
        name, edits, woven, pending, woven_text, needs, files, created, parts
    )


def parse_answers(name: str, text: str) -> dict[str, Any]:
    """Read an answers.yml: the answers, and Copier's `_src_path` and `_commit`.

    Raises:
        LedgerError: the text is no mapping, or an answer is no text where it must be.
    """
    where = f"{LEDGER}/{name}/answers.yml"
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise _broken(where, "is not valid YAML") from err
    if not isinstance(data, dict):
        raise _broken(where, "has no answers")
    for key in TEXTS & data.keys():
        if not isinstance(data[key], str):
            raise _broken(where, f'has no text in "{key}": {data[key]!r}')
    return data


def origin(tree: Tree, name: str) -> tuple[str, str | None, str | None]:
    """Give an application's component, and the address and version of its template.

    Raises:
        LedgerError: its answers.yml does not say what it should.
    """
    text = _text(tree, f"{LEDGER}/{name}/answers.yml")
    answers = {} if text is None else parse_answers(name, text)
    component = answers.get("component", name.partition("-")[0])
    known = (answers.get("_src_path"), answers.get("_commit"))
    source, version = (None if each is None else str(each) for each in known)
    return str(component), source, version


def _text(tree: Tree, path: str) -> str | None:
    try:
        return tree.text(path)
    except (OSError, UnicodeDecodeError) as err:
        raise _broken(path, f"can't be read: {err}") from err


def _broken(where: str, what: str) -> LedgerError:
    return LedgerError(
        f"{where} {what}",
        where=where,
        next_step="restore it from git, or apply the template again",
    )


@lru_cache(maxsize=2)
def _data(text: str, where: str) -> dict[str, Any]:
    """Load one text, once for all of its keys. Not to be altered."""
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise _broken(where, "is not valid YAML") from err
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        what = f"this project was made by a newer Sourcewright (ledger {version})"
        step = "update sourcewright, then rerun"
        raise LedgerError(what, where=where, next_step=step)
    if not isinstance(data, dict) or version != VERSION:
        raise _broken(where, f"is not of version {VERSION}")
    return data


def _entries(text: str, where: str, key: str) -> list[dict[str, Any]]:
    entries = _data(text, where).get(key) or []
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise _broken(where, f'has no list of entries "{key}"')
    return entries


def _edit(entry: dict[str, Any], where: str) -> Edit:
    """Read one edit.

    Raises:
        LedgerError: an unknown kind, a missing or unknown key, a value of another type.
    """
    kind = KINDS.get(str(entry.get("edit")))
    if kind is None:
        known = ", ".join(KINDS)
        raise _broken(where, f"has an edit {entry.get('edit')!r}; known are: {known}")
    values = {key: value for key, value in entry.items() if key != "edit"}
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for key, value in values.items():
        if key not in fields:
            raise _broken(where, f'has an unknown key "{key}" in an edit')
        whole = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not (whole and value if key == "at" else isinstance(value, str) and value):
            raise _broken(where, f'has no text in "{key}" of an edit: {value!r}')
    for field in fields.values():
        if field.name not in values and field.default is dataclasses.MISSING:
            raise _broken(where, f'has an edit without "{field.name}"')
    if "at" in values:
        values["at"] = tuple(values["at"])
    for key in ("item", "text"):
        if key in values:
            values[key] = values[key].rstrip("\n")
    return kind(**values)


def _need(entry: dict[str, Any], where: str) -> Need:
    keys = {field.name for field in dataclasses.fields(Need)}
    if set(entry) != keys or not all(isinstance(each, str) for each in entry.values()):
        raise _broken(where, f"has a need that isn't made of {', '.join(sorted(keys))}")
    if not _ANSWERS.fullmatch(entry["answers"]):
        raise _broken(where, f"has a need with odd answers: {entry['answers']!r}")
    return Need(**entry)


def _parts(entry: dict[str, Any], where: str) -> Parts:
    package, folder, modules = (entry.get(e) for e in ("from", "folder", "modules"))
    listed = modules if isinstance(modules, list) else [None]
    if not all(isinstance(each, str) for each in (package, folder, *listed)):
        raise _broken(where, "has parts that aren't made of from, folder and modules")
    return Parts(str(package), str(folder), tuple(map(str, listed)))


def read_held(tree: Tree) -> Held:
    """Return the parts that a project holds; none without a record.

    Raises:
        LedgerError: the record does not say what it should.
        UnsafePath: it leads out of the project.
    """
    text = _text(tree, HELD)
    if text is None:
        return Held()
    data = _data(text, HELD)
    version, files = data.get("runtime"), data.get("files")
    fits = isinstance(version, str) and _RELEASE.fullmatch(version)
    if not fits or not isinstance(files, dict):
        raise _broken(HELD, "has no version of the runtime, or no files")
    if not all(isinstance(each, str) for each in (*files, *files.values())):
        raise _broken(HELD, "has a file without a text as its id")
    return Held(str(version), files)


def put_held(tree: Tree, held: Held) -> None:
    """Lay the record of a project's parts over the tree; none without parts."""
    if not held.files:
        tree.put(HELD, None)
        return
    data = {
        "version": VERSION,
        "runtime": held.runtime,
        "files": dict(sorted(held.files.items())),
    }
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=10**6)
    tree.put(HELD, f"# Written by the weave: the parts of the runtime.\n{text}")


def _file(entry: dict[str, Any], where: str) -> OwnedFile:
    path, digest = entry.get("path"), entry.get("sha256")
    if not isinstance(path, str) or not isinstance(digest, str) or len(entry) != 2:  # noqa: PLR2004  # the two
        raise _broken(where, "has a file that isn't made of path and sha256")
    return OwnedFile(path, digest)


def _woven(entry: dict[str, Any], where: str) -> Woven:
    rest = {k: v for k, v in entry.items() if k not in {"former", "found"}}
    former = entry.get("former")
    if former is not None and not isinstance(former, str):
        raise _broken(where, f'has no text in "former": {former!r}')
    return Woven(_edit(rest, where), former, bool(entry.get("found")))


def _pending(entry: dict[str, Any], where: str) -> Pending:
    own = {"reason", "action", "by_hand"}
    texts = {key: str(entry.get(key, "")) for key in own}
    edit = _edit({k: v for k, v in entry.items() if k not in own}, where)
    return Pending(edit, **texts)


def as_data(edit: Edit | Part) -> dict[str, Any]:
    """Write an edit as plain data, in the order of its fields."""
    values = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(edit).items()
        if value is not None
    }
    return {"edit": _NAMES[type(edit)], **values}


def dump_woven(woven: tuple[Woven, ...], pending: tuple[Pending, ...]) -> str:
    """Write a woven.yml: the same text for the same records, every time."""
    data = {
        "version": VERSION,
        "woven": [dict(_woven_data(each)) for each in woven],
        "pending": [
            {
                **as_data(each.edit),
                "action": each.action,
                "reason": each.reason,
                "by_hand": each.by_hand,
            }
            for each in pending
        ],
    }
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6
    )
    return (
        "# Written by the weave: the edits as they stand. Not for editing by hand.\n"
        + str(text)
    )


def _woven_data(woven: Woven) -> Iterator[tuple[str, Any]]:
    yield from as_data(woven.edit).items()
    if woven.former is not None:
        yield "former", woven.former
    if woven.found:
        yield "found", True


class _Loader(yaml.SafeLoader):
    """Refuses aliases: a few lines of them can stand for billions of values."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            problem = "an alias"
            raise yaml.composer.ComposerError(None, None, problem)
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Indents lists, and writes texts of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002  # PyYAML's signature
        del indentless
        super().increase_indent(flow, False)  # noqa: FBT003  # PyYAML's signature


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and "\r" not in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
