"""Sweeps: `make matrix` takes them whole, `make test` a sample, the same one always.

What the whole ones counted last is kept in tests/matrix: see `results.py`.
"""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

import pytest

Tried = TypeVar("Tried")

WHOLE = bool(os.environ.get("SOURCEWRIGHT_WHOLE"))
only_whole = pytest.mark.skipif(not WHOLE, reason="`make matrix` takes it")


def sampled(found: Sequence[Tried], size: int) -> list[Tried]:
    """Return all that may be tried, or as many as `make test` takes."""
    if WHOLE:
        return list(found)
    chosen = random.Random(20261122)  # noqa: S311 - the same ones always
    return chosen.sample(found, min(size, len(found)))
