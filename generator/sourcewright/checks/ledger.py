"""Rules about the ledger: what is asked is done, what is done still stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sourcewright import ledger, weave
from sourcewright.checks.finding import Finding
from sourcewright.deciding.shared import missing, plan_project
from sourcewright.errors import EditRefused
from sourcewright.reading.project import read_shared
from sourcewright.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class NothingPending:
    """Every edit that an application asks for is woven."""

    code: ClassVar[str] = "SW101"

    def find(self, root: Path) -> Iterator[Finding]:
        """Yield what is left to do by hand, and what the next weave would change."""
        plan = plan_project(root)
        for application, each in plan.pending:
            what = f"{application}: {each.reason}"
            by_hand = f"{each.action} by hand:\n{each.by_hand}"
            yield Finding(self.code, each.edit.file, what, by_hand)
        for change in plan.changes:
            what = "differs from what the ledger records"
            yield Finding(self.code, change.path, what, "run `sourcewright weave`")


class NothingMissing:
    """Every task that a flow imports is made by some component."""

    code: ClassVar[str] = "SW103"

    def find(self, root: Path) -> Iterator[Finding]:
        """Yield the names that are imported and not there."""
        for application, need in missing(Tree(root)):
            what = f"{need.name}, which {application} imports, is not there"
            step = f"apply the template with {need.answers}"
            yield Finding(self.code, need.file, what, step)


class SharedFilesHoldEveryEdit:
    """Every edit in a woven.yml still stands in its file."""

    code: ClassVar[str] = "SW102"

    def find(self, root: Path) -> Iterator[Finding]:
        """Yield the edits that were taken out or altered by hand."""
        tree = Tree(root)
        for application in ledger.read(tree):
            for woven in application.woven:
                shared = read_shared(tree, woven.edit.file)
                try:
                    text = shared.text
                    gone = text is None or weave.presence(text, woven.edit) == "absent"
                except EditRefused:
                    gone = True
                if gone:
                    what = f"an entry of {application.id} is gone or altered"
                    hand = weave.by_hand(woven.edit)
                    step = f"restore it by hand, or run `sourcewright weave`:\n{hand}"
                    yield Finding(self.code, woven.edit.file, what, step)
