"""Compute a weave: (applications, texts of the shared files) -> Plan. Pure.

One operation for adding, updating and removing: per file, what stands and is asked no
longer is taken out, what is asked and does not stand is put in.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sourcewright import ledger, weave
from sourcewright.changes import (
    Application,
    Dependency,
    Edit,
    Export,
    FileChange,
    Item,
    Pending,
    Plan,
    Settings,
    SharedFile,
    Woven,
)
from sourcewright.errors import EditRefused
from sourcewright.weave import brackets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def shared_paths(applications: Iterable[Application]) -> list[str]:
    """Return the paths of all files that the applications share, sorted."""
    paths = {edit.file for each in applications for edit in ledger.wanted(each)}
    paths |= {each.edit.file for one in applications for each in one.woven}
    return sorted(paths)


def plan_entries(
    applications: Sequence[Application],
    shared: Mapping[str, SharedFile],
    width: int = weave.WIDTH,
) -> Plan:
    """Compute the new texts of the shared files and of every woven.yml.

    What an edits.yml asks for is taken over into the woven.yml beside it. The changes
    come in the order of writing: the shared files, then the ledger.
    """
    files = {
        path: _weave_file(shared[path], applications, width)
        for path in shared_paths(applications)
    }
    changes = [
        FileChange(path, shared[path].text, file.text) for path, file in files.items()
    ]
    pending: list[tuple[str, Pending]] = []
    for application in applications:
        woven, left = _records(application, files)
        pending += [(application.id, each) for each in left]
        after = ledger.dump_woven(replace(application, woven=woven, pending=left))
        path = ledger.woven_path(application.id)
        changes.append(FileChange(path, application.woven_text, after))
        asked = ledger.edits_path(application.id)
        changes.append(FileChange(asked, application.edits_text, None))
    return Plan(
        changes=tuple(each for each in changes if each.before != each.after),
        pending=tuple(pending),
        verified=tuple(each for each in changes if each.before == each.after),
    )


@dataclass
class _File:
    """A shared file at work: its text so far, and how each edit stands in it."""

    path: str
    text: str | None
    width: int
    ours: dict[Edit, Woven] = field(default_factory=dict)
    found: dict[Edit, Woven] = field(default_factory=dict)
    stuck: dict[Edit, Pending] = field(default_factory=dict)

    def stick(self, edit: Edit, reason: str, action: str = "add") -> None:
        """Record that an edit is left to do by hand."""
        self.stuck[edit] = Pending(edit, reason, weave.by_hand(edit), action)


def _weave_file(
    shared: SharedFile, applications: Sequence[Application], width: int
) -> _File:
    file = _File(shared.path, shared.text, width)
    wanted = {
        edit: None
        for application in applications
        for edit in ledger.wanted(application)
        if edit.file == shared.path
    }
    records = _merged_records(shared.path, applications)
    if file.text is None:
        _leave(file, shared, wanted, records)
        return file
    altered = _sort_out(file, file.text, records)
    leaving = [edit for edit in file.ours if edit not in wanted]
    coming = [e for e in wanted if e not in file.ours and e not in file.found]
    if altered:
        why = "another entry of this file was edited after it was inserted"
        for edit in coming:
            if edit not in altered:
                file.stick(edit, why)
        for edit in leaving:
            file.stick(edit, altered.get(edit, why), "remove")
        for edit in altered:
            file.stick(edit, altered[edit], "restore" if edit in wanted else "remove")
        return file
    _take_out_all(file, leaving)
    ordered = list(wanted)
    for edit in coming:
        # In the ledger's order, whichever came first: so branches merge to one text.
        later = ordered[ordered.index(edit) + 1 :]
        _put_in(file, edit, next((each for each in later if each in file.ours), None))
    _drop_unneeded(file)
    return file


def _leave(
    file: _File,
    shared: SharedFile,
    wanted: Iterable[Edit],
    records: Mapping[Edit, Woven],
) -> None:
    """Stick what a file without a text asks; keep the records of one that is there."""
    if shared.hidden:
        # What was put in stands, as far as anybody can tell.
        file.found = {edit: each for edit, each in records.items() if each.found}
        file.ours = {edit: each for edit, each in records.items() if not each.found}
    for edit in file.ours:
        file.stick(edit, shared.problem, "remove")
    for edit in wanted:
        file.stick(edit, shared.problem, "restore" if edit in file.ours else "add")


def _take_out_all(file: _File, leaving: Sequence[Edit]) -> None:
    """Take edits out; lists that they were in look as if they had never been there."""
    whole = replace(file, ours=dict(file.ours))
    # The last in, the first out: each leaves the text that it was put into.
    for edit in reversed(leaving):
        _take_out(file, edit)
    for own in dict.fromkeys(_list(edit) for edit in leaving):
        _reshape(file, whole, own)


def _drop_unneeded(file: _File) -> None:
    """Take out again what was put in for an edit that then was refused."""
    needed = {each for edit in file.ours for each in weave.with_needs(edit)[:-1]}
    for edit in file.stuck:
        for each in weave.with_needs(edit)[:-1]:
            if each in file.ours and each not in needed:
                _take_out(file, each)


def _merged_records(
    path: str, applications: Iterable[Application]
) -> dict[Edit, Woven]:
    """Return one record for each edit that is there, whoever asks for it."""
    records: dict[Edit, Woven] = {}
    for application in applications:
        for each in application.woven:
            if each.edit.file != path:
                continue
            known = records.get(each.edit, each)
            former = known.former if known.former is not None else each.former
            records[each.edit] = Woven(each.edit, former, known.found and each.found)
    return records


def _sort_out(file: _File, text: str, records: dict[Edit, Woven]) -> dict[Edit, str]:
    """Tell ours from found, drop what is gone; return what was edited, and why."""
    altered: dict[Edit, str] = {}
    for edit, record in records.items():
        try:
            stands = weave.presence(text, edit)
        except EditRefused as err:
            stands, why = "equal", err.what
        else:
            why = "it was edited after it was inserted"
        if stands == "absent":
            continue
        if record.found:
            file.found[edit] = record
            continue
        file.ours[edit] = record
        if stands == "equal":
            altered[edit] = why
    return altered


def _take_out(file: _File, edit: Edit) -> None:
    try:
        file.text = weave.take_out(
            file.text or "", edit, file.ours[edit].former, file.width
        )
    except EditRefused as err:
        file.stick(edit, err.what, "remove")
    else:
        del file.ours[edit]


def _put_in(file: _File, edit: Edit, before: Edit | None = None) -> None:
    text = file.text or ""
    try:
        if weave.presence(text, edit) != "absent":
            file.found[edit] = Woven(edit, found=True)
            return
        woven = weave.put_in(text, edit, file.width, before=before)
        former = _former(file, edit, woven)
    except EditRefused as err:
        file.stick(edit, err.what)
        return
    file.text = woven
    file.ours[edit] = Woven(edit, former)
    for other, record in file.ours.items():
        if former is not None and _list(other) == _list(edit) and record.former is None:
            file.ours[other] = replace(record, former=former)


def _list(edit: Edit) -> tuple[str, ...] | None:
    """Return what identifies the list that holds the entry; None for no list."""
    match edit:
        case Export(requires=None):
            return ("__all__",)
        case Dependency(extra=extra):
            return ("extras", extra) if extra else ("dependencies",)
        case Item(at=at):
            return ("at", *at)
        case Settings(text=text):
            return ("settings", text.partition("\n")[0])
    return None


def _former(file: _File, edit: Edit, woven: str) -> str | None:
    """Return the list's text from before the first woven entry, where it is needed.

    It is needed where taking the entry out does not give the text back.

    Raises:
        EditRefused: nor would the former text.
    """
    text, own = file.text or "", _list(edit)
    siblings = {
        each: record
        for each, record in file.ours.items()
        if own is not None and (_list(each) or ("",))[0] == own[0]
    }
    shared = any(
        record.former is not None
        for each, record in siblings.items()
        if _list(each) == own
    )
    if not shared and _undone(file, woven, {edit: Woven(edit)}) == text:
        return None
    bare = _undone(file, text, siblings)
    former = weave.container(bare, edit) if own is not None else None
    whole = {
        each: replace(record, former=former)
        if _list(each) == own and record.former is None
        else record
        for each, record in siblings.items()
    }
    whole[edit] = Woven(edit, former)
    if former is None or _undone(file, woven, whole) != bare:
        what = "removing it again would not restore the text as it was"
        raise EditRefused(what)
    return former


def _reshape(file: _File, whole: _File, own: tuple[str, ...] | None) -> None:
    """Write a list anew in its former shape, with the entries that are left in it.

    Else a list that got too long for one line would stay as it was with all of them.
    It is done where the same leads to the file as it was: nobody shaped it by hand; or
    where the list stands on lines just as we write it, and fits on its line again.
    """
    formers = [
        (edit, record.former)
        for edit, record in whole.ours.items()
        if own is not None and _list(edit) == own and record.former is not None
    ]
    with suppress(EditRefused):
        before, after = _rebuilt(whole, own), _rebuilt(file, own)
        if before and after and before.text == whole.text:
            file.text = after.text
            file.ours = {edit: after.ours[edit] for edit in file.ours}
        elif formers:
            edit, former = formers[0]
            file.text = _rejoined(file.text or "", edit, former, file.width)


def _rejoined(text: str, edit: Edit, former: str, width: int) -> str:
    return brackets.rejoined(text, weave.container(text, edit), former, width)


def _rebuilt(file: _File, own: tuple[str, ...] | None) -> _File | None:
    records = {
        edit: record
        for edit, record in file.ours.items()
        if own is not None and _list(edit) == own and record.former is not None
    }
    if not records:
        return None
    rest = {edit: file.ours[edit] for edit in file.ours if edit not in records}
    bare = _undone(file, file.text or "", records)
    edit, record = next(iter(records.items()))
    bare = _rejoined(bare, edit, record.former or "", file.width)
    made = replace(file, text=bare, ours=rest, found={}, stuck={})
    for edit in records:
        _put_in(made, edit)
    return made if made.ours.keys() == file.ours.keys() else None


def _undone(file: _File, text: str, records: dict[Edit, Woven]) -> str:
    for edit in reversed(records):
        text = weave.take_out(text, edit, records[edit].former, file.width)
    return text


def _records(
    application: Application, files: Mapping[str, _File]
) -> tuple[tuple[Woven, ...], tuple[Pending, ...]]:
    """Return an application's part of how the edits stand now."""
    woven: list[Woven] = []
    pending: list[Pending] = []
    wanted = ledger.wanted(application)
    kept = [each.edit for each in application.woven if each.edit not in wanted]
    for edit in [*wanted, *kept]:
        file = files[edit.file]
        stuck = file.stuck.get(edit)
        if edit in wanted or stuck:
            stands = file.ours.get(edit) or file.found.get(edit)
            woven += [stands] if stands else []
            pending += [stuck] if stuck else []
    return tuple(woven), tuple(pending)
