"""Every error says what, where, what next, and what became of the files.

SourcewrightError          exit code 1, no traceback
├── LedgerError            a file below .sourcewright/ does not say what it should
├── UnsafePath             a path that leads out of the project
├── StaleFile              a file changed between the plan and the commit
├── CommitFailed           a write failed; what was replaced is put back
├── Busy                   another command is writing to the project
├── Interrupted            what a killed command left can't be undone by itself
├── AnswerRefused          an answer is missing, unknown, or not a good one
├── TemplateUnusable       the template can't be read, or not by this version
├── InTheWay               the project has what the command would make
├── StillNeeded            what shall go is needed by another application
├── NotReady               the checkout or the machine isn't fit for the command
├── EditRefused            one edit can't be made, or can't be proved
├── Usage                  exit code 2: the command was called wrongly
├── Bug                    exit code 3: anything else, with its traceback
└── Stopped                exit code 130: Ctrl-C
"""

from __future__ import annotations


class SourcewrightError(Exception):
    """Something that the user can fix."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        next_step: str = "",
        files: str = "Nothing was written.",
    ) -> None:
        """Keep the four parts as data: only the command line lays them out."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step
        self.files = files

    def __str__(self) -> str:
        """Lay the parts out below one another; parts without a text are left out."""
        lines = [f"error: {self.what}"]
        if self.where:
            lines.append(f"where: {self.where}")
        if self.next_step:
            lines.append(f" next: {self.next_step}")
        if self.files:
            lines.append(f"       {self.files}")
        return "\n".join(lines)


class LedgerError(SourcewrightError):
    """A file below .sourcewright/ does not say what it should."""


class UnsafePath(SourcewrightError):  # noqa: N818  # named for what is wrong
    """A path that leads out of the project, or through a symbolic link."""


class StaleFile(SourcewrightError):  # noqa: N818  # named for what is wrong
    """A file is no longer what the plan was computed from."""


class CommitFailed(SourcewrightError):  # noqa: N818  # named for what went wrong
    """A write failed; every file that was replaced already has been put back."""


class EditRefused(SourcewrightError):  # noqa: N818  # named for what became of the edit
    """One edit has no place in the text, or the result could not be proved."""


class Busy(SourcewrightError):  # noqa: N818  # named for what is wrong
    """Another command is writing to the project."""


class Interrupted(SourcewrightError):  # noqa: N818  # named for what happened
    """What a killed command left can't be undone without losing somebody's change."""


class AnswerRefused(SourcewrightError):  # noqa: N818  # named for what became of it
    """An answer is missing, is not known to the template, or is not a good one."""


class TemplateUnusable(SourcewrightError):  # noqa: N818  # named for what is wrong
    """The template can't be read, or not by this version."""


class InTheWay(SourcewrightError):  # noqa: N818  # named for what is wrong
    """The project has a file, a name or an application that the command would make."""


class StillNeeded(SourcewrightError):  # noqa: N818  # named for what is wrong
    """What shall be taken away is needed by another application."""


class NotReady(SourcewrightError):  # noqa: N818  # named for what is wrong
    """The project's checkout, or a temporary folder, isn't fit for the command."""


class Usage(SourcewrightError):  # noqa: N818  # named for what is wrong
    """There is no such command, option or argument."""


class Bug(SourcewrightError):  # noqa: N818  # named for what it is
    """Something that the user can't fix."""


class Stopped(SourcewrightError):  # noqa: N818  # named for what happened
    """Ctrl-C was pressed; what was begun has been undone."""
