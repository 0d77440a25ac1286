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
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.changes import SharedFile
from sourcewright.plan import plan_weave, shared_paths
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from sourcewright.changes import Application

ATTRIBUTE = "merge=sourcewright"
DRIVER = "sourcewright merge-file %O %A %B %P"


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
    if _git("rev-parse", "--git-dir", folder=root) is None:
        return
    if _git("config", "merge.sourcewright.driver", folder=root) is None:
        name = "shared files of sourcewright"
        _git("config", "merge.sourcewright.name", name, folder=root)
        _git("config", "merge.sourcewright.driver", DRIVER, folder=root)


def merge_file(base: Path, ours: Path, theirs: Path, path: str) -> bool:
    """Merge as git's driver, into `ours`; tell whether no conflict is left.

    Runs in the checkout's top folder, where git runs it.
    """
    prefix = next(
        (
            parent.as_posix()
            for parent in Path(path).parents
            if (parent / LEDGER).is_dir()
        ),
        "",
    )
    side = _other_side()
    if prefix and side:
        inner = path if prefix == "." else path[len(prefix) + 1 :]
        bare = _without_new_entries(
            theirs.read_bytes().decode(),
            inner,
            _ledger_at(side[0], prefix),
            _ledger_at(side[1], prefix),
        )
        if bare is not None:
            theirs.write_bytes(bare.encode())
    command = ["git", "merge-file", str(ours), str(base), str(theirs)]
    return subprocess.run(command, check=False).returncode == 0


def _other_side() -> tuple[str, str] | None:
    """Give the commit that is merged in, and the one that it began with, if told."""
    named = [key[8:] for key in os.environ if key.startswith("GITHEAD_")]
    if len(named) == 1:
        return named[0], (_git("merge-base", "HEAD", named[0]) or "").strip()
    # A rebase names no commit; its list of what is done ends with the present one.
    done = Path((_git("rev-parse", "--git-path", "rebase-merge/done") or "").strip())
    if done.is_file():
        words = done.read_text("utf-8").splitlines()[-1].split()
        if len(words) > 1 and words[0] in {"pick", "p", "reword", "edit"}:
            return words[1], f"{words[1]}^"
    return None


def _ledger_at(commit: str, prefix: str) -> dict[str, Application]:
    """Read the ledger as a commit has it."""
    folder = LEDGER if prefix == "." else f"{prefix}/{LEDGER}"
    listed = _git("ls-tree", "-d", "--name-only", commit, f"{folder}/") or ""
    found = {}
    for place in listed.splitlines():
        name = place.rpartition("/")[2]
        texts = (
            _git("show", f"{commit}:{place}/{file}")
            for file in ("edits.yml", "woven.yml")
        )
        found[name] = ledger.parse(name, *texts)
    return found


def _without_new_entries(
    text: str, path: str, theirs: dict[str, Application], start: dict[str, Application]
) -> str | None:
    """Give their text with the entries that both began with; None where none can be."""
    applications = [
        replace(each, edits=start[name].edits if name in start else None)
        for name, each in sorted(theirs.items())
    ]
    if path not in shared_paths(applications):
        return None
    shared = {
        each: SharedFile(each, text if each == path else None, "it is another file")
        for each in shared_paths(applications)
    }
    plan = plan_weave(applications, shared)
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
