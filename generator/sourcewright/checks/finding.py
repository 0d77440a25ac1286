"""What a rule finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule, and what to do about it."""

    code: str
    where: str
    what: str
    next_step: str
