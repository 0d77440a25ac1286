"""How an entry stands in a text."""

from __future__ import annotations

from typing import Literal, TypeAlias

# absent: not there; equal: there, but not as we write it; exact: there as we write it.
Presence: TypeAlias = Literal["absent", "equal", "exact"]
