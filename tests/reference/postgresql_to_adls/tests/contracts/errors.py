"""Errors by the name of their class, so that contracts import nothing of the package."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def is_a(error: BaseException, name: str) -> bool:
    """Return whether an error's class, or a base of it, has this name."""
    return any(kind.__name__ == name for kind in type(error).__mro__)


@contextmanager
def raises(
    name: str, match: str | None = None
) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """Expect an error: the name of its class, or of a base, and a part of its text."""
    with pytest.raises(Exception, match=match) as caught:
        yield caught
    assert is_a(caught.value, name), repr(caught.value)


def everything_shown(error: BaseException | None) -> str:
    """Return all that a traceback shows of an error, without lines of source code."""
    if error is None:
        return ""
    notes = getattr(error, "__notes__", [])
    context = None if error.__suppress_context__ else error.__context__
    return (
        f"{error} {error!r} {notes}"
        f"{everything_shown(error.__cause__)}{everything_shown(context)}"
    )
