"""Make a project, or add components to it: render, place, weave, and one commit."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright import ledger
from sourcewright.changes import Plan, Report
from sourcewright.deciding import parts
from sourcewright.deciding.placing import place
from sourcewright.deciding.shared import missing, plan_shared
from sourcewright.errors import AnswerRefused, InTheWay, NotReady, StillNeeded
from sourcewright.reading import viadot
from sourcewright.reading.project import settings
from sourcewright.rendering.answers import Answers
from sourcewright.rendering.checkout import lay_out
from sourcewright.rendering.render import Rendered, Template, opened, render
from sourcewright.reporting import verbs
from sourcewright.staging import staging
from sourcewright.tree import LEDGER, Tree
from sourcewright.writing.commit import commit, recover

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from importlib.machinery import ModuleSpec

    from sourcewright.deciding.parts import Supply


def generate(
    root: Path,
    answers: Answers,
    template: Template,
    *,
    force: bool = False,
    dry_run: bool = False,
    ask: bool = False,
) -> tuple[Plan, Report]:
    """Add one component, and the destinations that a source's flows need.

    The answers that an application was made with are the defaults of its next ones. A
    change of answers that would delete files is refused, unless `force` is given.
    With a conflict nothing is written: the report has its paths, with that verb.
    With `ask`, answers that are missing are asked for on the terminal.

    Raises:
        SourcewrightError: what the user can fix; nothing was written.
    """
    _refuse_file(root)
    recovered = recover(root, dry_run=dry_run)
    tree = Tree(root)
    ledger.read(tree)  # an entry that can't be read is refused first
    held = ledger.read_held(tree).files
    answers = _with_recorded(_with_settings(answers, tree), tree)
    answers = viadot.completed(answers, tree, template)
    if ask:
        answers = _with_package(answers, tree)
    with opened(template) as ready:
        wanted = _rendered(ready, answers, tree, ask=ask)
        _refuse_another_project(tree, wanted)
        _refuse_installed(tree, wanted)
        if viadot.is_in_viadot(wanted):
            viadot.refuse_existing(tree, answers.component, wanted.answers, template)
            viadot.refuse_unfit(tree, wanted)
        components = [*_missing_destinations(ready, tree, wanted), wanted]
        supply = _supply(ready, wanted)
    notes = [*recovered, *viadot.notes(tree, wanted), *_changed_answers(tree, wanted)]
    conflicts = [path for each in components for path in place(tree, each)]
    pending, more = plan_shared(tree, supply)
    plan = tree.plan(pending)
    if not force and not conflicts:
        _refuse_deletions(plan, parts=held)
    _refuse_unmet(tree, wanted.application)
    notes += [note for each in components for note in each.notes]
    report = Report(
        verbs(plan, _touched(tree, components), conflicts),
        plan.pending,
        tuple(missing(tree)),
        tuple(dict.fromkeys([*notes, *more])),
    )
    if not dry_run and not conflicts:
        commit(root, plan)
    return plan, report


def _touched(tree: Tree, components: Sequence[Rendered]) -> set[str]:
    """Return the paths that the components asked to write, or to edit."""
    names = {each.application for each in components}
    found = {path for each in components for path in each.files}
    for each in ledger.read(tree):
        if each.id in names:
            found |= {edit.file for edit in each.edits}
            found |= {ledger.woven_path(each.id)}
    return found - {ledger.edits_path(each) for each in names}


def _refuse_file(root: Path) -> None:
    """Refuse a project in the place of a file, below one, or in a closed folder."""
    try:
        there = next(each for each in (root, *root.parents) if each.exists())
    except OSError as err:
        what = f"cannot read the folder: {err.strerror}"
        step = "give yourself access to it, or choose another folder"
        raise NotReady(what, where=str(root.parent), next_step=step) from err
    if not there.is_dir():
        what = "cannot create the project: a file already exists at that path"
        raise InTheWay(what, where=str(there), next_step="choose another folder")


def _with_package(answers: Answers, tree: Tree) -> Answers:
    """Answer what the project's ledger knows, so that nobody is asked for it."""
    known = ledger.answers(tree, "project")
    if known is None or answers.component == "project" or answers.get("package"):
        return answers
    return replace(answers, values=(*answers.values, ("package", known.get("package"))))


def _with_recorded(answers: Answers, tree: Tree) -> Answers:
    """Return the answers with those of the project, and of the same application before.

    Given to the template, they are validated: what a ledger says may be anything.
    """
    parts = {"project": (), "flow": ("source", "destination")}
    names = [answers.get(each) for each in parts.get(answers.component, ("name",))]
    application = "-".join((answers.component, *map(str, names)))
    known = tree.applications()
    recorded: dict[str, Any] = {}
    for each in ("project", application):
        if each in known:
            recorded |= _recorded(tree, each)
    return replace(answers, recorded=tuple(recorded.items()))


def _recorded(tree: Tree, application: str) -> dict[str, Any]:
    """Return what the ledger has as an application's answers; none without an entry."""
    return _own_answers(ledger.answers(tree, application) or {})


def _answered(rendered: Rendered) -> dict[str, Any]:
    """Return what an application was rendered with, as the ledger will have it."""
    name = rendered.application
    text = rendered.files[f"{LEDGER}/{name}/answers.yml"]
    return _own_answers(ledger.parse_answers(name, text))


def _own_answers(answers: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in answers.items()
        if isinstance(key, str) and not key.startswith("_") and key != "component"
    }


def _changed_answers(tree: Tree, wanted: Rendered) -> list[str]:
    """Return a note for each answer that differs from the one that was recorded."""
    recorded = _recorded(tree, wanted.application)
    values = _answered(wanted)
    return [
        f"{key}: {_shown(recorded[key])} -> {_shown(values.get(key))}"
        for key in recorded
        if recorded[key] != values.get(key)
    ]


def _shown(answer: object) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _supply(ready: Template, rendered: Rendered) -> Supply | None:
    """Return the parts of the version of the template that was rendered."""
    place = Path(ready.source)
    if not place.is_dir():
        return None  # an address: `sourcewright weave` supplies them
    own = rendered.files[f"{LEDGER}/{rendered.application}/answers.yml"]
    commit = ledger.parse_answers(rendered.application, own).get("_commit")
    if (place / ".git").exists() and isinstance(commit, str):
        with staging() as folder:
            if lay_out(ready.source, commit, folder / "template"):
                return parts.read_supply(folder / "template")
    return parts.read_supply(place)


def _refuse_deletions(plan: Plan, parts: Collection[str]) -> None:
    """Refuse to delete files that the application had before; parts come and go."""
    leaving = [
        each.path
        for each in plan.changes
        if each.after is None
        and not each.path.startswith(f"{LEDGER}/")
        and each.path not in parts
    ]
    if leaving:
        what = f"{len(leaving)} files that these answers don't ask for would be deleted"
        raise InTheWay(
            what,
            where="\n       ".join(leaving),
            next_step="keep the former answers, or rerun with --force to delete them",
        )


def _with_settings(answers: Answers, tree: Tree) -> Answers:
    """Answer what `[tool.sourcewright]` says, where the ledger has no project.

    Raises:
        InTheWay: it says something else than the ledger.
    """
    said = settings(tree)
    known = ledger.answers(tree, "project")
    if known is None:
        more = [each for each in said.items() if answers.get(each[0]) is None]
        return replace(answers, values=(*answers.values, *more))
    for key, value in said.items():
        if known.get(key, value) != value:
            setting = key.replace("_", "-")
            former = known[key]
            what = f'{setting} is "{value}", but all was made for "{former}"'
            raise InTheWay(
                what,
                where="pyproject.toml, [tool.sourcewright]",
                next_step=f'write "{former}" there again; to move everything, remove '
                "every application first, then run sourcewright init",
            )
    return answers


def _refuse_another_project(tree: Tree, wanted: Rendered) -> None:
    """Refuse to make a project of other answers in the place of one that is there."""
    known = ledger.answers(tree, "project")
    if known is None or wanted.application != "project":
        return
    for key in ("project_name", "package"):
        if known.get(key) != wanted.answers[key]:
            what = f'there is a project already, with the {key} "{known.get(key)}"'
            raise InTheWay(
                what,
                where=f"{LEDGER}/project/answers.yml",
                next_step="choose another folder, or add to it with sourcewright add",
            )


def _refuse_installed(tree: Tree, wanted: Rendered) -> None:
    """Refuse a package of a name that is installed: one would hide the other."""
    package = str(wanted.answers["package"])
    if wanted.application != "project" or "project" in tree.applications():
        return
    if wanted.answers["existing"]:
        return
    found = find_spec(package)
    if found is not None and not _is_folder(found, tree.root):
        what = f'package: "{package}" is installed here already'
        raise InTheWay(
            what,
            where=str(found.origin or package),
            next_step=f"choose another, for example --set package={package}_pipelines",
        )


def _is_folder(found: ModuleSpec, root: Path) -> bool:
    """Return whether a package is nothing but the folder of the project."""
    places = list(found.submodule_search_locations or ())
    return found.origin is None and places == [str(root)]


def _rendered(ready: Template, answers: Answers, tree: Tree, *, ask: bool) -> Rendered:
    """Render a component, with the kinds that the ledger knows of its destinations."""
    wanted = render(ready, _with_kinds(answers, tree), tree, ask=ask)
    # Only what a person was asked for, or a default, can still lack one.
    told = Answers(answers.component, tuple(_answered(wanted).items()))
    complete = _with_kinds(told, tree)
    return wanted if complete == told else render(ready, complete, tree)


def _with_kinds(answers: Answers, tree: Tree) -> Answers:
    """Answer the kinds of a source's destinations that the ledger knows.

    Raises:
        AnswerRefused: a kind was answered, and the ledger has another.
    """
    given = answers.get("destinations")
    with suppress(yaml.YAMLError, RecursionError):
        given = yaml.safe_load(given) if isinstance(given, str) else given
    if answers.component != "source" or not isinstance(given, list):
        return answers  # the template says what is wrong with it
    known = [_with_kind(each, tree) for each in given]
    if known == given:
        return answers
    return replace(answers, values=(*answers.values, ("destinations", known)))


def _with_kind(answer: object, tree: Tree) -> object:
    """Return one answered destination with the kind that the ledger has of it."""
    pair = {answer: None} if isinstance(answer, str) else answer
    if not isinstance(pair, dict) or len(pair) != 1:
        return answer
    (name, kind), *_ = pair.items()
    if f"destination-{name}" not in tree.applications():
        return answer
    known = _recorded(tree, f"destination-{name}").get("kind")
    if kind and known and kind != known:
        what = f'the destination "{name}" is of the kind {known}, not {kind}'
        step = f"say only {name}, or choose another name"
        where = f"{LEDGER}/destination-{name}/answers.yml"
        raise AnswerRefused(what, where=where, next_step=step)
    return {name: known} if known and known != name else name


def _missing_destinations(
    template: Template, tree: Tree, wanted: Rendered
) -> list[Rendered]:
    """Render the destinations of a source's flows that no application has made."""
    if wanted.answers["component"] != "source":
        return []
    asked = Tree(tree.root)
    for path, text in wanted.files.items():
        if path.startswith(f"{LEDGER}/"):
            asked.put(path, text)
    unmet = {each.name for owner, each in missing(asked) if owner == wanted.application}
    found = []
    for answer in wanted.answers["destinations"]:
        pair = answer if isinstance(answer, dict) else {answer: ""}
        (name, kind), *_ = pair.items()
        if f"df_to_{name}" in unmet:
            found.append(_destination(template, tree, name, kind, wanted))
    return found


def _destination(
    template: Template, tree: Tree, name: str, kind: str, wanted: Rendered
) -> Rendered:
    values = [("name", name), ("package", wanted.answers["package"])]
    if kind:
        values.append(("kind", kind))
    rendered = render(template, Answers("destination", tuple(values)), tree)
    if not kind and rendered.answers["kind"] != name:
        what = f'the destination "{name}" is not there, and its name is no kind'
        raise AnswerRefused(
            what,
            where="destinations",
            next_step=f"say its kind: --set 'destinations=[{{{name}: …}}]'",
        )
    return rendered


def _refuse_unmet(tree: Tree, application: str) -> None:
    """Refuse a flow without its tasks; a host without our runtime is only told so."""
    for owner, need in missing(tree):
        answers = dict(part.split("=") for part in need.answers.split(", "))
        if owner == application and "name" in answers:
            what = f"{application} imports {need.name}, which no component generates"
            step = f"sourcewright add {answers['component']} {answers['name']}"
            raise StillNeeded(what, where=need.file, next_step=f"first: {step}")
