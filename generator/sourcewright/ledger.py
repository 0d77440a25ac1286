"""Read and write the ledger: the folder .sourcewright/ of a project.

.sourcewright/<application>/answers.yml   what was answered (Copier writes it)
.sourcewright/<application>/edits.yml     what it asks for (Copier writes it, and the
                                          next weave takes it over)
.sourcewright/<application>/woven.yml     what it asks for, and how it stands (the
                                          weave writes it)
.sourcewright/runtime.yml                 the parts that the project holds (the same)
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright import ledger_yaml, weave
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
from sourcewright.weave.splice import normalized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sourcewright.tree import Tree

VERSION = 1
HELD = f"{LEDGER}/runtime.yml"
_RELEASE = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?")
# The answers that commands read, and that are texts.
TEXTS = {
    *("package", "source_folder", "tests_folder", "docs_folder", "distribution"),
    *("project_name", "metadata", "runtime", "name", "kind", "source", "destination"),
}
EDITS: dict[str, type[Edit]] = {
    "export": Export,
    "import": Import,
    "dependency": Dependency,
    "item": Item,
    "reference": Reference,
    "lines": Lines,
    "settings": Settings,
}
_DIGEST = "sha256:"
# A comment, or one of Copier's own keys; a long text goes on below it, indented.
_COPIERS = re.compile(r"^[_#].*\n( .*\n)*", re.MULTILINE)
# The keys that tell an entry from the file's own mapping, and from paths.
_ANSWERS = re.compile(r"component=[a-z]+(, [a-z_]+=[a-z0-9_]+)*")
_NAMES: dict[type, str] = {edit: name for name, edit in EDITS.items()} | {Part: "part"}


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


def edits_path(application: str) -> str:
    """Return the path of an application's edits.yml in the project."""
    return f"{LEDGER}/{application}/edits.yml"


def woven_path(application: str) -> str:
    """Return the path of an application's woven.yml in the project."""
    return f"{LEDGER}/{application}/woven.yml"


def _read_application(tree: Tree, name: str) -> Application:
    asked = _text(tree, edits_path(name))
    if asked is not None:
        _refuse_others_answers(tree, name, asked)
    return parse(name, asked, _text(tree, woven_path(name)))


def _refuse_others_answers(tree: Tree, name: str, asked: str) -> None:
    """Refuse edits of other answers than those that are beside them.

    Copier leaves an edits.yml alone that no weave has taken over yet.
    """
    where = edits_path(name)
    stamp = _data(asked, where).get("answers")
    text = _text(tree, f"{LEDGER}/{name}/answers.yml")
    if stamp is None or text is None or stamp == stamp_of(text):
        return
    what = f"{where} was made with other answers than {LEDGER}/{name}/answers.yml has"
    step = "delete it, then apply the template again, without -T"
    raise LedgerError(what, where=where, next_step=step)


def stamp_of(text: str) -> str:
    """Return the hash of an answers.yml, but for what Copier adds to the answers."""
    own = _COPIERS.sub("", normalized(text))
    return hashlib.sha256(own.encode()).hexdigest()


@lru_cache(maxsize=256)  # one command reads the same texts several times
def parse(name: str, edits_text: str | None, woven_text: str | None) -> Application:
    """Read an application from its files' texts; None stands for a missing file.

    What it asks for is in edits.yml until a weave has taken it over into woven.yml.
    Each text is read once, however often a command asks: YAML is slow to parse.

    Raises:
        LedgerError: a text does not say what it should.
    """
    known: list[_Standing] = []
    if woven_text is not None:
        where = woven_path(name)
        known = [_standing(e, where) for e in _entries(woven_text, where, "edits")]
    # What other edits need follows from them.
    asked: tuple[Edit, ...] = tuple(
        each.edit for each in known if not isinstance(each.edit, Import)
    )
    if woven_text is not None:
        known += [_standing(e, where) for e in _entries(woven_text, where, "leaving")]
    text = woven_text
    if edits_text is not None:
        text, where = edits_text, edits_path(name)
        asked = tuple(_edit(each, where) for each in _entries(text, where, "edits"))
    if text is None:
        return Application(name)
    return Application(
        name,
        asked,
        tuple(each.woven for each in known if each.woven),
        tuple(each.pending for each in known if each.pending),
        edits_text,
        woven_text,
        tuple(_need(each, where) for each in _entries(text, where, "needs")),
        _files(text, where, "files"),
        _files(text, where, "created"),
        tuple(_parts(each, where) for each in _entries(text, where, "parts")),
    )


def parse_answers(name: str, text: str) -> dict[str, Any]:
    """Read an answers.yml: the answers, and Copier's `_src_path` and `_commit`.

    Raises:
        LedgerError: the text is no mapping, or an answer is no text where it must be.
    """
    where = f"{LEDGER}/{name}/answers.yml"
    try:
        data = ledger_yaml.load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise _broken(where, "is not valid YAML") from err
    if not isinstance(data, dict):
        raise _broken(where, "has no answers")
    for key in TEXTS & data.keys():
        if not isinstance(data[key], str):
            raise _broken(where, f'has no text in "{key}": {data[key]!r}')
    return data


def answers(tree: Tree, name: str) -> dict[str, Any] | None:
    """Return what an application's answers.yml has; None where there is none.

    Raises:
        LedgerError: it can't be read, or does not say what it should.
    """
    text = _text(tree, f"{LEDGER}/{name}/answers.yml")
    return None if text is None else parse_answers(name, text)


def origin(tree: Tree, name: str) -> tuple[str, str | None, str | None]:
    """Return an application's component, and the address and version of its template.

    Raises:
        LedgerError: its answers.yml does not say what it should.
    """
    own = answers(tree, name) or {}
    component = own.get("component", name.partition("-")[0])
    known = (own.get("_src_path"), own.get("_commit"))
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
        data = ledger_yaml.load(text)
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
        LedgerError: an unknown edit, a missing or unknown key, a value of another type.
    """
    form = EDITS.get(str(entry.get("edit")))
    if form is None:
        known = ", ".join(EDITS)
        raise _broken(where, f"has an edit {entry.get('edit')!r}; known are: {known}")
    values = {key: value for key, value in entry.items() if key != "edit"}
    fields = {field.name: field for field in dataclasses.fields(form)}
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
    return form(**values)


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
    head = "# Written by the weave: the parts of the runtime.\n"
    tree.put(HELD, head + ledger_yaml.dump(data))


def _files(text: str, where: str, key: str) -> tuple[OwnedFile, ...]:
    found = _data(text, where).get(key) or {}
    if not isinstance(found, dict):
        raise _broken(where, f'has no files by their paths in "{key}"')
    for path, digest in found.items():
        whole = isinstance(digest, str) and digest.startswith(_DIGEST)
        if not isinstance(path, str) or not whole:
            raise _broken(where, f"has a file without its {_DIGEST}…: {path!r}")
    return tuple(
        OwnedFile(path, digest.removeprefix(_DIGEST)) for path, digest in found.items()
    )


@dataclass(frozen=True)
class _Standing:
    """An entry of woven.yml: an edit, how it stands, and what is left to do."""

    edit: Edit
    woven: Woven | None
    pending: Pending | None


def _standing(entry: dict[str, Any], where: str) -> _Standing:
    own = {key: entry.get(key) for key in ("former", "pending", "reason")}
    for key, value in own.items():
        if value is not None and not isinstance(value, str):
            raise _broken(where, f'has no text in "{key}": {value!r}')
    found = bool(entry.get("found"))
    edit = _edit({k: v for k, v in entry.items() if k not in {*own, "found"}}, where)
    action, reason = own["pending"], own["reason"] or ""
    pending = Pending(edit, reason, weave.by_hand(edit), action) if action else None
    stands = action != "add" or found
    return _Standing(
        edit, Woven(edit, own["former"], found) if stands else None, pending
    )


def as_data(edit: Edit | Part) -> dict[str, Any]:
    """Write an edit as plain data, in the order of its fields."""
    values = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(edit).items()
        if value is not None
    }
    return {"edit": _NAMES[type(edit)], **values}


def wanted(application: Application) -> list[Edit]:
    """Return an application's edits, each once, each after those that it needs."""
    every = (each for edit in application.edits for each in weave.with_needs(edit))
    return list(dict.fromkeys(every))


def dump_woven(application: Application) -> str | None:
    """Write a woven.yml: the same text for the same application, every time.

    None if nothing is asked for, and nothing is left.
    """
    asked = wanted(application)
    stands = {each.edit: each for each in application.woven}
    left = application.pending
    stuck = {each.edit: each for each in left if not isinstance(each.edit, Part)}
    known = list(dict.fromkeys([*stands, *stuck]))
    leaving = [each for each in known if each not in asked]
    sections: dict[str, Any] = {
        "edits": [
            _as_entry(each, stands.get(each), stuck.get(each))
            for each in asked
            # What a refused edit needs is not put in either.
            if not isinstance(each, Import) or each in known
        ],
        "leaving": [_as_entry(e, stands.get(e), stuck.get(e)) for e in leaving],
        "needs": [dataclasses.asdict(each) for each in application.needs],
        "parts": [
            {"from": each.package, "folder": each.folder, "modules": list(each.modules)}
            for each in application.parts
        ],
        "files": _as_paths(application.files),
        "created": _as_paths(application.created),
    }
    if not any(sections.values()):
        return None
    filled: dict[str, Any] = {"version": VERSION}
    filled |= {key: value for key, value in sections.items() if value}
    return (
        "# Written by the weave: what is asked for, and how it is in the files.\n"
        + ledger_yaml.dump(filled)
    )


def _as_entry(
    edit: Edit, woven: Woven | None, pending: Pending | None
) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if woven and woven.former is not None:
        more["former"] = woven.former
    if woven and woven.found:
        more["found"] = True
    if pending:
        more |= {"pending": pending.action, "reason": pending.reason}
    return as_data(edit) | more


def _as_paths(files: Sequence[OwnedFile]) -> dict[str, str]:
    return {each.path: f"{_DIGEST}{each.sha256}" for each in files}
