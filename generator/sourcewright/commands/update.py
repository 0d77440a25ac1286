"""Bring applications to a newer version of their template, by Copier's own merge.

Every update runs in a temporary clone of the project, one application after the other,
each in a commit of its own, as Copier wants it. What came of all of them is then one
plan: it can be shown, and is written whole or not at all.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.changes import FileChange, Plan, Report
from sourcewright.deciding.placing import current
from sourcewright.deciding.shared import missing
from sourcewright.errors import LedgerError, NotReady, TemplateUnusable
from sourcewright.reading.project import find
from sourcewright.rendering import render
from sourcewright.reporting import verbs
from sourcewright.staging import complaint, staging
from sourcewright.tree import LEDGER, Tree, locate
from sourcewright.writing.commit import commit, recover

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sourcewright.changes import Pending

ORDER = ("project", "destination", "source", "flow")
_MARKER = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)
_WHO = ("-c", "user.name=sourcewright", "-c", "user.email=sourcewright@localhost")
_PLAIN = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false")


def update(
    root: Path,
    names: Sequence[str] = (),
    *,
    ref: str | None = None,
    template: str | None = None,
    trust: bool = False,
    dry_run: bool = False,
) -> tuple[Plan, Report]:
    """Update the applications of these names or ids, or all, to `ref` or the newest.

    Applications made by the installed template, by `template` or by one that Copier's
    settings trust are updated. Any other template could run commands: it needs `trust`.

    Where Copier's merge met a conflict, its markers are written too, git's index has
    the path as unmerged, and the report has it with the verb `conflict`. What git
    ignores is left as it is: where a new file would go, that is a conflict as well.

    Raises:
        NotReady: the project is no clean git checkout.
        TemplateUnusable: an application's template is not in git, is not trusted, or
            gave an error.
        SourcewrightError: any other error that the user can fix; nothing was written.
    """
    recovered = recover(root, dry_run=dry_run)
    tree = Tree(root)
    chosen = _chosen(tree, names)
    prefix = _clean_checkout(root)
    sources = {application: _source(tree, application) for application in chosen}
    passed = {
        application: trust or _is_known(source, template)
        for application, source in sources.items()
    }
    with staging() as temporary:
        clone = temporary / (root.name or "project")
        top = _git(root, "rev-parse", "--show-toplevel").strip()
        _git(root, "clone", "--quiet", "--no-hardlinks", top, str(clone))
        place = clone / prefix
        _git(clone, "checkout", "--quiet", "-B", "sourcewright-update", "HEAD")
        conflicts: set[str] = set()
        unmerged: list[_Stage] = []
        for application in chosen:
            _copier_update(place, application, ref, trust=passed[application])
            conflicts |= _conflicts(place)
            unmerged += _unmerged(clone)
            # By force: the template may make files that the project's git ignores.
            _git(clone, "add", "--all", "--force", ".")
            _git(clone, *_WHO, *_PLAIN, "commit", "-q", "--allow-empty", "-m", "update")
        changes, in_the_way = _changes(root, place)
        updated = Tree(place)
        pending = _pending(updated)
        plan = Plan(changes, pending)
        left = tuple(missing(updated))
    notes = [
        *recovered,
        *(
            f"{path} is ignored by git: the template's was not written over it"
            for path in in_the_way
        ),
        *(
            f"{path} is ignored by git: it is as it was, not updated"
            for path in _ignored(tree, chosen)
        ),
    ]
    done = verbs(plan, conflicts=conflicts | set(in_the_way))
    report = Report(done, pending, left, tuple(notes))
    if not dry_run:
        commit(root, plan)
        _mark_unmerged(Path(top), unmerged)
    return plan, report


def _chosen(tree: Tree, names: Sequence[str]) -> list[str]:
    applications = ledger.read(tree)
    if not applications:
        what = "there is nothing to update: this folder has no .sourcewright/"
        raise NotReady(what, where=str(tree.root))
    chosen = [find(applications, each).id for each in names]
    chosen = chosen or [each.id for each in applications]
    return sorted(dict.fromkeys(chosen), key=_order)


def _order(application: str) -> tuple[int, str]:
    component = application.partition("-")[0]
    if component not in ORDER:
        what = f"{application} is not an application of this template"
        step = f"delete {LEDGER}/{application}, or restore it from git"
        raise LedgerError(what, where=f"{LEDGER}/{application}", next_step=step)
    return ORDER.index(component), application


def _clean_checkout(root: Path) -> str:
    """Return the project's folder within its git checkout, which has no changes."""
    try:
        prefix = _run_git(root, "rev-parse", "--show-prefix").strip()
        _run_git(root, "rev-parse", "--verify", "--quiet", "HEAD")
        # Git would write what it learns of its index to the project.
        changed = _run_git(
            root, "--no-optional-locks", "status", "--porcelain", "--", "."
        )
    except (OSError, subprocess.CalledProcessError) as err:
        what = "an update needs a git checkout with a commit"
        raise NotReady(
            what, where=str(root), next_step="git init, git add --all, git commit"
        ) from err
    if changed:
        what = "an update needs a clean git checkout, to tell your lines from ours"
        step = "commit or stash first:\n" + changed.rstrip()
        raise NotReady(what, where=str(root), next_step=step)
    return prefix


def _source(tree: Tree, application: str) -> str:
    """Return the address of an application's template, as the ledger has it.

    Raises:
        TemplateUnusable: there is none, or not of one in git.
    """
    answers = ledger.answers(tree, application)
    if answers is None:
        what = f"{application} has no answers.yml"
        raise TemplateUnusable(what, where=f"{LEDGER}/{application}")
    source = str(answers.get("_src_path", ""))
    if "_commit" not in answers or source == "sourcewright":
        what = f"{application} comes from a template that is not in git"
        raise TemplateUnusable(
            what,
            where=f"{LEDGER}/{application}/answers.yml",
            next_step="write the address of its git repository to _src_path, and the "
            "tag or commit that was applied to _commit",
        )
    return source


def _is_known(source: str, named: str | None) -> bool:
    """Return whether a template may run its tasks; Copier judges what it trusts itself.

    Raises:
        TemplateUnusable: nobody but the project names it.
    """
    installed = render.template().source
    if _place(source) in {_place(each) for each in (installed, named or installed)}:
        return True
    if render.is_trusted(source):
        return False
    what = f"{source} is a template that only this project names"
    raise TemplateUnusable(
        what,
        where="_src_path in .sourcewright/*/answers.yml",
        next_step=f"look at it: an update runs its tasks. Then rerun with "
        f"--template {shlex.quote(source)}, or with --trust for any template",
    )


def _place(source: str) -> str:
    """Return an address in one form: a relative path leads from where we run."""
    path = Path(source).expanduser()
    return str(path.resolve()) if path.is_dir() else source


def _copier_update(
    place: Path, application: str, ref: str | None, *, trust: bool
) -> None:
    """Run Copier on one application, from the folder that we are in.

    A relative address of the template leads from there.
    """
    command = [
        *(sys.executable, "-m", "copier", "update", "--defaults"),
        *(["--trust"] if trust else []),
        *("--quiet", "--skip-answered", "--conflict", "inline"),
        *("--answers-file", f"{LEDGER}/{application}/answers.yml"),
        *(("--vcs-ref", ref) if ref else ()),
        str(place),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        what = f"{application} can't be updated: {complaint(done.stderr)}"
        raise TemplateUnusable(
            what,
            where=f"{LEDGER}/{application}/answers.yml",
            next_step="fix that, then rerun",
        )


def _conflicts(place: Path) -> set[str]:
    """Return the files, relative to `place`, that the merge left with a conflict."""
    unmerged = _git(place, "ls-files", "-z", "--unmerged", "--", ".").split("\0")
    found = {row.split("\t", 1)[1] for row in unmerged if row}
    changed = _git(place, "diff", "--name-only", "-z", "--relative", "HEAD")
    new = _git(place, "ls-files", "-z", "--others", "--", ".")
    for path in filter(None, f"{changed}\0{new}".split("\0")):
        file = place / path
        if path.endswith(".rej") or (
            file.is_file() and _MARKER.search(file.read_text("utf-8", "replace"))
        ):
            found.add(path)
    return found


@dataclass(frozen=True)
class _Stage:
    """One of the three versions of a file in a conflict, as git's index holds them."""

    mode: str
    number: str
    path: str
    content: bytes


def _unmerged(clone: Path) -> list[_Stage]:
    """Return what Copier marked as unmerged; the paths lead from the checkout's top."""
    found = []
    listed = _git(clone, "ls-files", "-z", "--unmerged", "--full-name")
    for row in filter(None, listed.split("\0")):
        facts, _, path = row.partition("\t")
        mode, blob, number = facts.split()
        command = ["git", "cat-file", "blob", blob]
        done = subprocess.run(command, cwd=clone, capture_output=True, check=True)
        found.append(_Stage(mode, number, path, done.stdout))
    return found


def _mark_unmerged(top: Path, stages: list[_Stage]) -> None:
    """Mark the files as unmerged in git's index, as Copier does."""
    rows = [f"0 {'0' * 40}\t{path}" for path in dict.fromkeys(s.path for s in stages)]
    for each in stages:
        command = ["git", "hash-object", "-w", "--stdin"]
        blob = subprocess.run(
            command, cwd=top, input=each.content, capture_output=True, check=True
        ).stdout
        rows.append(f"{each.mode} {blob.decode().strip()} {each.number}\t{each.path}")
    if rows:
        told = "".join(f"{row}\0" for row in rows).encode()
        command = ["git", "update-index", "-z", "--index-info"]
        subprocess.run(command, cwd=top, input=told, capture_output=True, check=True)


def _ignored(tree: Tree, chosen: Sequence[str]) -> list[str]:
    """Return the files of applications that are there, and that git doesn't know.

    They aren't in the clone, where Copier takes them for deleted.
    """
    known = set(_git(tree.root, "ls-files", "-z").split("\0"))
    return [
        file.path
        for each in ledger.read(tree)
        if each.id in chosen
        for file in each.files
        if file.path not in known and locate(tree.root, file.path).exists()
    ]


def _changes(root: Path, place: Path) -> tuple[tuple[FileChange, ...], list[str]]:
    """Return what all updates together changed, and the files in the way of new ones.

    Those are ignored by git, so that a clean checkout may have them.
    """
    first = _git(root, "rev-parse", "HEAD").strip()
    listed = _git(
        place, "diff", "--name-only", "--no-renames", "-z", "--relative", first, "HEAD"
    )
    known = set(_git(root, "ls-files", "-z").split("\0"))
    before, after = Tree(root), Tree(place)
    changes, in_the_way = [], []
    for path in sorted(filter(None, listed.split("\0"))):
        now = current(before, path)
        if path not in known and now not in {None, after.text(path)}:
            in_the_way.append(path)
        else:
            changes.append(FileChange(path, before.text(path), after.text(path)))
    return tuple(changes), in_the_way


def _pending(tree: Tree) -> tuple[tuple[str, Pending], ...]:
    return tuple(
        (each.id, pending) for each in ledger.read(tree) for pending in each.pending
    )


def _git(folder: Path, *arguments: str) -> str:
    """Run git; return what it said.

    Raises:
        NotReady: it failed, for example since the temporary folder is full.
    """
    try:
        return _run_git(folder, *arguments)
    except subprocess.CalledProcessError as err:
        what = f"git failed while the update was prepared: {complaint(err.stderr)}"
        raise NotReady(
            what,
            where=str(folder),
            next_step="fix that, then rerun",
        ) from err


def _run_git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
