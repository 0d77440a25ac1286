"""Merge a shared file of two branches: theirs without its new entries, then weave.

Two branches that each add a component put entries at the same places, which git calls a
conflict. The ledger knows what each branch wove, so those entries are taken out of the
other side's text; what is left are people's own lines, which git merges. The ledger of
both sides is merged by git, file by file, and `sourcewright weave` puts in what is
missing then.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.changes import SharedFile
from sourcewright.deciding.entries import plan_entries, shared_paths
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from sourcewright.changes import Application

ATTRIBUTE = "merge=sourcewright"
# Git takes any failure for a conflict and leaves our side without a mark in it: what we
# can't merge, or aren't there to merge, is merged by lines, with both sides in it.
DRIVER = (
    "sourcewright merge-file %O %A %B %P; code=$?; test $code -le 1 && exit $code; "
    "git merge-file -L ours -L base -L theirs %A %O %B"
)
_CONFLICTS = range(1, 128)  # git's exit codes for that many; above, it failed


def register(root: Path) -> None:
    """Tell this checkout's git about the driver, where the project asks for it.

    What can't be told now is told by the next command: everything else is done already.
    """
    with suppress(OSError):
        _register(root)


def _register(root: Path) -> None:
    attributes = root / ".gitattributes"
    if not attributes.is_file() or ATTRIBUTE.encode() not in attributes.read_bytes():
        return
    if _git("config", "merge.sourcewright.driver", folder=root) is not None:
        return
    if _git("rev-parse", "--git-dir", folder=root) is not None:
        name = "shared files of sourcewright"
        _git("config", "merge.sourcewright.name", name, folder=root)
        _git("config", "merge.sourcewright.driver", DRIVER, folder=root)


def merge_file(base: Path, ours: Path, theirs: Path, path: str) -> bool:
    """Merge as git's driver, into `ours`; return whether no conflict is left.

    Runs in the checkout's top folder, where git runs it. Nothing but `ours` is changed,
    and that last.

    Raises:
        SourcewrightError: the ledger of the other side can't be read.
        OSError: git can't be run, or can't merge.
    """
    command = ["git", "merge-file", "-L", "ours", "-L", "base", "-L", "theirs"]
    bare = _bare(base, theirs, path)
    with tempfile.TemporaryDirectory(prefix="sourcewright-") as temporary:
        other = Path(temporary) / "theirs"
        other.write_bytes(theirs.read_bytes() if bare is None else bare.encode())
        done = subprocess.run([*command, ours, base, other], check=False)
    if done.returncode and done.returncode not in _CONFLICTS:
        what = f"git merge-file gave {done.returncode}"
        raise OSError(what)
    return done.returncode == 0


def _bare(base: Path, theirs: Path, path: str) -> str | None:
    """Return their text without the entries that are new in it; None for as it is."""
    prefix = next(
        (
            parent.as_posix()
            for parent in Path(path).parents
            if (parent / LEDGER).is_dir()
        ),
        "",
    )
    side = (_merged_side() or _picked_side(base, theirs, path)) if prefix else None
    if side is None:
        return None
    return _without_new_entries(
        theirs.read_bytes().decode(),
        path if prefix == "." else path[len(prefix) + 1 :],
        _ledger_at(side[0], prefix),
        _ledger_at(side[1], prefix),
    )


def _merged_side() -> tuple[str, str] | None:
    """Return the commit that is merged in, and the one that it began with, if told."""
    named = [key[8:] for key in os.environ if key.startswith("GITHEAD_")]
    if len(named) != 1:
        return None
    return named[0], (_git("merge-base", "HEAD", named[0]) or "").strip()


def _picked_side(base: Path, theirs: Path, path: str) -> tuple[str, str] | None:
    """Return the commit that is picked, and its parent: those that have the two texts.

    Neither a cherry-pick nor a rebase tells its driver which commit it is at.
    """
    files = [str(each.absolute()) for each in (theirs, base)]
    texts = (_git("hash-object", "--no-filters", *files) or "").split()
    search = ("log", "--all", f"--find-object={texts[0]}", "--format=%H", "--", path)
    for commit in (_git(*search) or "").split():
        both = _git("rev-parse", f"{commit}:{path}", f"{commit}^:{path}") or ""
        if both.split() == texts:
            return commit, f"{commit}^"
    return None


def _ledger_at(commit: str, prefix: str) -> dict[str, Application]:
    """Read the ledger as a commit has it."""
    folder = LEDGER if prefix == "." else f"{prefix}/{LEDGER}"
    listed = _git("ls-tree", "-z", "-d", "--name-only", commit, f"{folder}/") or ""
    places = [each for each in listed.split("\0") if each]
    edits = _blobs([f"{commit}:{place}/edits.yml" for place in places])
    woven = _blobs([f"{commit}:{place}/woven.yml" for place in places])
    names = [place.rpartition("/")[2] for place in places]
    return {
        name: ledger.parse(name, *texts)
        for name, *texts in zip(names, edits, woven, strict=True)
    }


def _blobs(names: list[str]) -> list[str | None]:
    """Read many files of git's in one process; None for one that isn't there."""
    asked = "".join(f"{name}\n" for name in names).encode()
    command = ["git", "cat-file", "--batch"]
    told = subprocess.run(command, input=asked, capture_output=True, check=True).stdout
    found: list[str | None] = []
    for _ in names:
        head, _, told = told.partition(b"\n")
        size = head.rpartition(b" ")[2]
        if not size.isdigit():
            found.append(None)
            continue
        found.append(told[: int(size)].decode())
        told = told[int(size) + 1 :]
    return found


def _without_new_entries(
    text: str, path: str, theirs: dict[str, Application], start: dict[str, Application]
) -> str | None:
    """Return their text with the entries that both began with; None if it has none."""
    applications = [
        replace(each, edits=start[name].edits if name in start else ())
        for name, each in sorted(theirs.items())
    ]
    if path not in shared_paths(applications):
        return None
    shared = {
        each: SharedFile(each, text if each == path else None, "it is another file")
        for each in shared_paths(applications)
    }
    plan = plan_entries(applications, shared)
    if any(pending.edit.file == path for _, pending in plan.pending):
        return None
    changed = [change.after for change in plan.changes if change.path == path]
    return changed[0] if changed else text


def _git(*arguments: str, folder: Path | None = None) -> str | None:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
