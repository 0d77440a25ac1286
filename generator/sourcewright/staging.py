"""A temporary folder to prepare things in, and an error if it is full."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sourcewright.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def staging() -> Iterator[Path]:
    """Return an empty temporary folder, which is gone afterwards.

    Raises:
        NotReady: it can't be made, or something in it can't be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="sourcewright-") as folder:
            yield Path(folder).resolve()
    except OSError as err:
        what = f"cannot prepare in a temporary folder: {err}"
        raise NotReady(
            what,
            where=tempfile.gettempdir() if tempfile.tempdir else "TMPDIR",
            next_step="free some space there, or set TMPDIR to another folder",
        ) from err


def complaint(stderr: str) -> str:
    """Return the line in which a program said why it failed."""
    rows = [row.strip() for row in stderr.splitlines() if row.strip()]
    for row in rows:
        if row.startswith(("fatal: ", "error: ")):
            return row
    return rows[-1] if rows else "it gave no reason"
