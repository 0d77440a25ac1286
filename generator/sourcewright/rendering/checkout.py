"""Lay one commit of a local git repository out as plain files.

Copier clones a local template for every render, which takes a dozen processes. From a
folder without git it renders at once, and the bytes are the same.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def lay_out(repository: str, ref: str, folder: Path) -> str | None:
    """Write the files of `ref` into `folder`; return what `git describe` calls it.

    None where a clone would hold something else, or can't be made: the folder is no
    repository's top, has uncommitted changes or submodules, or git gives an error. The
    folder may be there then, with some of the files.
    """
    place = Path(repository)
    if ref.startswith("-") or not (place / ".git").exists():
        return None
    try:
        # A clone of HEAD has the changes that aren't committed, too.
        if ref == "HEAD" and _git(place, "status", "--porcelain"):
            return None
        commit = _git(place, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        index = {"GIT_INDEX_FILE": str(folder.with_name(f"{folder.name}.index"))}
        _git(place, "read-tree", commit, **index)
        _git(place, "checkout-index", "--all", f"--prefix={folder}/", **index)
        described = _git(place, "describe", "--tags", "--always", commit)
    except (OSError, subprocess.CalledProcessError):
        return None
    return None if (folder / ".gitmodules").exists() else described


def _git(place: Path, *arguments: str, **variables: str) -> str:
    # Its own settings may name a program that watches the files.
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    return subprocess.run(
        command,
        cwd=place,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout.strip()
