"""Where an entry goes: in sorted position where the list is sorted, else at its end."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Key: TypeAlias = "tuple[object, ...]"


def natural(name: str) -> Key:
    """Order `x9` before `x10`, every other character by its code."""
    return tuple(
        (ord("0"), int(part)) if part.isdecimal() else (ord(part), 0)
        for part in re.findall(r"\d+|\D", name)
    )


def _kind(name: str) -> int:
    if len(name) > 1 and name.isupper():
        return 0
    return 1 if name[:1].isupper() else 2


def isort_style(name: str) -> Key:
    """Order as ruff's RUF022 does: SCREAMING_CASE, CamelCase, then the rest."""
    return (_kind(name), natural(name))


def member_style(name: str) -> Key:
    """Order as ruff's isort does within one `from` import."""
    return (_kind(name), natural(name.lower()), natural(name))


def plain(name: str) -> Key:
    """Order by code point."""
    return (name,)


def casefold(name: str) -> Key:
    """Order without regard to case."""
    return (name.casefold(), name)


def position(
    entries: Sequence[str], entry: str, orders: Iterable[Callable[[str], Key]]
) -> int:
    """Return the index for `entry` under the first of `orders` that the entries keep.

    The end, when they keep none of them. A list of one entry keeps them all.
    """
    for order in orders:
        keys = [order(each) for each in entries]
        if keys == sorted(keys):
            return bisect_right(keys, order(entry))
    return len(entries)
