"""What is asked, what stands, what would be written: frozen data without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Export:
    """A name that a package re-exports: the import, and its place in `__all__`.

    With `requires`, only where that module can be imported.
    """

    file: str
    module: str
    name: str
    requires: str | None = None


@dataclass(frozen=True)
class Import:
    """An import that the entries of other edits need; derived, never asked for."""

    file: str
    module: str
    name: str


@dataclass(frozen=True)
class Dependency:
    """A requirement in `[project].dependencies`, or in the extra `extra`."""

    file: str
    requirement: str
    extra: str | None = None


@dataclass(frozen=True)
class Item:
    """One item of the YAML sequence that the keys `at` lead to; `item` is YAML."""

    file: str
    at: tuple[str, ...]
    item: str


@dataclass(frozen=True)
class Reference:
    """One mkdocstrings line, `::: identifier`, in a Markdown page."""

    file: str
    identifier: str


@dataclass(frozen=True)
class Lines:
    """A block of lines in a plain text file.

    With `within`, an item of the YAML list below that line, whatever else the file is:
    the list has to be what the file ends with. `text` has no indentation then.
    """

    file: str
    text: str
    within: str | None = None


@dataclass(frozen=True)
class Settings:
    """A tool's settings in a TOML or an INI file: one table with its header."""

    file: str
    text: str


@dataclass(frozen=True)
class Part:
    """A part of the runtime; derived, never asked for as an edit."""

    file: str


Edit: TypeAlias = Export | Import | Dependency | Item | Reference | Lines | Settings


@dataclass(frozen=True)
class Woven:
    """An edit as it stands in its file.

    `former` is the text of the list that holds the entry, from before the first woven
    entry; only where taking the entries out one by one would not give it back. An empty
    text says that there was no list. `found` marks an entry that was there by hand.
    """

    edit: Edit
    former: str | None = None
    found: bool = False


@dataclass(frozen=True)
class Pending:
    """An edit that is left to do by hand, why, and the lines to add or take out."""

    edit: Edit | Part
    reason: str
    by_hand: str
    action: str = "add"


@dataclass(frozen=True)
class Parts:
    """Modules that an application uses of one of the template's plain packages.

    `folder` is where the package is to be in the project; modules are named with dots.
    """

    package: str
    folder: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """The parts that a project holds: their version, and the git blob id of each file.

    The id is that of the template's text, whatever somebody made of it.
    """

    runtime: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Need:
    """A name that an application imports from a shared module, and what makes it.

    `answers` are those that the template has to be applied with.
    """

    file: str
    name: str
    answers: str


@dataclass(frozen=True)
class OwnedFile:
    """A file of one application, and the hash of what the template made of it.

    The hash is of the text with plain newlines, whatever a checkout makes of them.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Application:
    """One application's part of the ledger.

    `edits` are those that it asks for, `created` the shared files that it makes if
    there are none.
    """

    id: str
    edits: tuple[Edit, ...] = ()
    woven: tuple[Woven, ...] = ()
    pending: tuple[Pending, ...] = ()
    edits_text: str | None = None
    woven_text: str | None = None
    needs: tuple[Need, ...] = ()
    files: tuple[OwnedFile, ...] = ()
    created: tuple[OwnedFile, ...] = ()
    parts: tuple[Parts, ...] = ()


@dataclass(frozen=True)
class SharedFile:
    """A text that applications share; `problem` says why there is no text.

    `hidden` is a file that is there, and whose text can't be had.
    """

    path: str
    text: str | None
    problem: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class FileChange:
    """The text of one file before and after; None where there is no file."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Plan:
    """All that a weave would write, in the order of writing, and what it can't do.

    `verified` holds the texts that the plan was computed from but does not change.
    """

    changes: tuple[FileChange, ...] = ()
    pending: tuple[tuple[str, Pending], ...] = ()
    verified: tuple[FileChange, ...] = ()


@dataclass(frozen=True)
class Fact:
    """What is used of a project that was there: a question, its answer, and why."""

    question: str
    answer: str
    why: str


@dataclass(frozen=True)
class Report:
    """What a command did: one verb per path, and what is left to do by hand."""

    done: tuple[tuple[str, str], ...] = ()
    pending: tuple[tuple[str, Pending], ...] = ()
    missing: tuple[tuple[str, Need], ...] = ()
    notes: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
