"""A project in memory: weave with it as with a real one, without a disk."""

from __future__ import annotations

from dataclasses import dataclass, field

from sourcewright import ledger
from sourcewright.changes import Application, Edit, Plan, SharedFile
from sourcewright.deciding.entries import plan_entries, shared_paths


@dataclass
class Project:
    texts: dict[str, str]
    asked: dict[str, tuple[Edit, ...]] = field(default_factory=dict)
    woven: dict[str, str] = field(default_factory=dict)
    width: int = 88

    def weave(self) -> Plan:
        applications = []
        for name in sorted({*self.asked, *self.woven}):
            known = ledger.parse(name, None, self.woven.get(name))
            applications.append(
                Application(
                    name,
                    self.asked.get(name, ()),
                    known.woven,
                    known.pending,
                    None,
                    known.woven_text,
                )
            )
        shared = {}
        for path in shared_paths(applications):
            text = self.texts.get(path)
            why = "" if text is not None else "there is no such file"
            shared[path] = SharedFile(path, text, why)
        plan = plan_entries(applications, shared, self.width)
        for change in plan.changes:
            if not change.path.startswith(".sourcewright/"):
                assert change.after is not None
                self.texts[change.path] = change.after
                continue
            name = change.path.split("/")[1]
            if change.after is None:
                del self.woven[name]
            else:
                self.woven[name] = change.after
        return plan

    def ask(self, name: str, *edits: Edit) -> Plan:
        self.asked[name] = edits
        return self.weave()

    def leave(self, name: str) -> Plan:
        del self.asked[name]
        return self.weave()
