"""Which rows tell something: a kind is tried with those that others get wrong.

A test that moves the rows of a kind's golden is marked with `moves` and the golden's
folder; test_kinds.py finds out which kinds have one.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

ROWS = 1_000
LIMIT = 2**53  # a float holds each integer up to here
BEYOND_THE_BASIC_PLANE = "[\U00010000-\U0010ffff]"


def assert_telling(
    rows: Sequence[Mapping[str, object] | Collection[object]],
) -> None:
    """Make sure that rows are many, and that NULLs, unicode and wide numbers are there.

    Args:
        rows: What arrived, as another reader gives it.
    """
    assert len(rows) >= ROWS
    values = [
        value
        for row in rows
        for value in (row.values() if isinstance(row, Mapping) else row)
    ]
    assert any(value is None for value in values), "no NULL"
    assert any(
        isinstance(value, str) and re.search(BEYOND_THE_BASIC_PLANE, value)
        for value in values
    ), "no text of another plane than the first"
    assert any(
        isinstance(value, int | Decimal) and not -LIMIT <= value <= LIMIT
        for value in values
    ), "no number that a float can't hold"
