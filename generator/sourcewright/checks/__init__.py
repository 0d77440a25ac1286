"""The conventions, one short class a rule; a rule's docstring is its message.

A new rule is a class with a `code` and a `find`, and one row in RULES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from sourcewright.checks.ledger import (
    NothingMissing,
    NothingPending,
    SharedFilesHoldEveryEdit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sourcewright.checks.finding import Finding


class Rule(Protocol):
    """One rule: its stable code, and what breaks it in a project."""

    code: ClassVar[str]

    def find(self, root: Path) -> Iterator[Finding]:
        """Yield each place that breaks the rule."""


RULES: tuple[Rule, ...] = (
    NothingPending(),
    SharedFilesHoldEveryEdit(),
    NothingMissing(),
)


def check_project(root: Path) -> list[Finding]:
    """Return what breaks any rule, in the order of the rules; empty when all is well.

    Raises:
        SourcewrightError: the project can't be read.
    """
    return [finding for rule in RULES for finding in rule.find(root)]
