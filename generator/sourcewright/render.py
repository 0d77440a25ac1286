"""Render one application of the template into memory: the only user of Copier.

Copier is imported when something is rendered; its own files go into a temporary folder.
"""

from __future__ import annotations

import errno
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcewright.answers import Answers, refuse_unknown
from sourcewright.errors import AnswerRefused, TemplateUnusable
from sourcewright.staging import complaint, staging
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from copier._main import Worker

    from sourcewright.tree import Tree

_PROJECT = f"{LEDGER}/project/answers.yml"
_PACKAGE = Path(__file__).resolve().parent
_INVALID = re.compile(r"\w+ \w+ for (?:question )?'(\w+)': (.*)", re.DOTALL)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_REQUIRED = re.compile(r'Question "(\w+)" is required')


@dataclass(frozen=True)
class Template:
    """Where the template is: a folder or the address of a git repository.

    `name` and `commit` stand in the ledger in the place of `source` where that would
    name a folder of this machine only.
    """

    source: str
    ref: str | None = None
    name: str | None = None
    commit: str | None = None


@dataclass(frozen=True)
class Rendered:
    """One application: its files by path, and all that was answered or derived.

    `kept` are the files that are left alone where the project has them.
    """

    application: str
    files: dict[str, str]
    answers: dict[str, Any]
    kept: frozenset[str]
    notes: tuple[str, ...] = ()


def template(source: str | None = None, ref: str | None = None) -> Template:
    """Give the template that is asked for; else the one that this package came with.

    Raises:
        TemplateUnusable: this package came without one.
    """
    if source is not None:
        return Template(source, ref)
    checkout = _PACKAGE.parents[1]
    if (checkout / "copier.yml").is_file():
        return Template(str(checkout), ref or "HEAD")
    bundled = _PACKAGE / "bundle"
    if not (bundled / "copier.yml").is_file():
        what = "this installation has no template"
        raise TemplateUnusable(what, next_step="install it again, or say --template")
    if ref is not None:
        what = "the installed template has one version only"
        raise TemplateUnusable(what, next_step="say --template too, a git repository")
    return Template(str(bundled), None, "sourcewright", f"v{version('sourcewright')}")


def render(
    source: Template,
    answers: Answers,
    tree: Tree,
    ask: Callable[[str, str], str] | None = None,
) -> Rendered:
    """Render one application with its answers, and the defaults for the others.

    `ask` gets the answer to a question that has no default, by its name and help.

    Raises:
        AnswerRefused: an answer is not known, not a good one, or missing.
        TemplateUnusable: the template isn't there, or can't be rendered.
    """
    while True:
        try:
            return _render(source, answers, tree)
        except _Missing as err:
            if ask is None:
                raise
            given = ask(err.question, err.help)
            rest = tuple(each for each in answers.values if each[0] != err.question)
            answers = Answers(answers.component, (*rest, (err.question, given)))


class _Missing(AnswerRefused):
    """A question without a default was not answered."""

    question = ""
    help = ""


def _render(source: Template, answers: Answers, tree: Tree) -> Rendered:
    with staging() as temporary:
        # Copier takes the folder's name for the project's.
        folder = temporary / (tree.root.name or "project")
        folder.mkdir()
        # What the project answered: its package is every component's default.
        project = tree.text(_PROJECT)
        seeded = project is not None and answers.component != "project"
        if seeded and project is not None:
            (folder / _PROJECT).parent.mkdir(parents=True)
            (folder / _PROJECT).write_bytes(project.encode())
        with _worker(source, answers, folder) as (worker, notes):
            asked = _asked(worker)
            if "component" not in asked:
                what = "the template can't be used: it is none for connectors"
                raise TemplateUnusable(what, where=source.source)
            refuse_unknown(answers, asked)
            _refuse_unanswered(worker, answers, seeded=seeded)
            worker.run_copy()
            combined = dict(worker.answers.combined)
            files = {
                path.relative_to(folder).as_posix(): path.read_bytes().decode()
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            }
            kept = frozenset(path for path in files if worker.match_skip(Path(path)))
        if seeded:
            del files[_PROJECT]
        own = f"{LEDGER}/{combined['application']}/answers.yml"
        files[own] = _named(files[own], source)
        told = tuple(dict.fromkeys(notes))
        return Rendered(str(combined["application"]), files, combined, kept, told)


def _asked(worker: Worker) -> dict[str, dict[str, Any]]:
    return {
        name: question
        for name, question in worker.template.questions_data.items()
        if question.get("when") is not False
    }


def _refuse_unanswered(worker: Worker, answers: Answers, *, seeded: bool) -> None:
    """Refuse a component without the answers that have no default for it."""
    wanted = {
        "source": ["name"],
        "destination": ["name"],
        "flow": ["source", "destination"],
    }.get(answers.component, [])
    if not seeded and answers.component != "project":
        # Without a project's ledger nothing says what the package is called.
        wanted = [*wanted, "package"]
    missing = [each for each in wanted if answers.get(each) in {None, ""}]
    if missing:
        step = " ".join(f"--set {each}=…" for each in missing)
        err = _Missing(
            f"not answered: {', '.join(missing)}",
            next_step=f"add {step}, or use --answers FILE",
        )
        err.question = missing[0]
        err.help = str(_asked(worker)[missing[0]].get("help", ""))
        if "{%" in err.help:
            err.help = f"Name of the {answers.component} in snake_case"
        raise err


def _named(text: str, source: Template) -> str:
    """Write the template's name in the place of a folder of this machine."""
    if source.name is None:
        return text
    text = re.sub("(?m)^_commit: .*\n", "", text)
    origin = f"_commit: {source.commit}\n_src_path: {source.name}"
    return re.sub("(?m)^_src_path: .*$", origin, text)


@contextmanager
def _worker(
    source: Template, answers: Answers, folder: Path
) -> Iterator[tuple[Worker, list[str]]]:
    """Open Copier on a template; tell its failures as ours, gather its warnings."""
    # Private, and the only way to see the questions before anything is rendered.
    from copier._main import Worker  # noqa: PLC0415  # over a second of imports
    from copier.errors import CopierError, DirtyLocalWarning  # noqa: PLC0415
    from jinja2 import TemplateError  # noqa: PLC0415
    from plumbum import ProcessExecutionError  # noqa: PLC0415

    notes: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with Worker(
                src_path=source.source,
                dst_path=folder,
                vcs_ref=source.ref,
                data=answers.as_data(),
                defaults=True,
                overwrite=True,
                quiet=True,
                skip_tasks=True,
            ) as worker:
                yield worker, notes
                if any(issubclass(each.category, DirtyLocalWarning) for each in caught):
                    notes.append(
                        "the template has uncommitted changes: no update can start "
                        "from this version"
                    )
    except (CopierError, OSError, ProcessExecutionError, TemplateError) as err:
        if isinstance(err, OSError) and err.errno in _NO_ROOM:
            raise  # the temporary folder is full, whatever the template is
        why = (
            complaint(str(err.stderr))
            if isinstance(err, ProcessExecutionError)
            else _first_line(err)
        )
        what = f"the template can't be used: {why}"
        raise TemplateUnusable(
            what,
            where=source.source,
            next_step="mend that, or say another one with --template",
        ) from err
    except ValueError as err:
        raise _refused(err, source) from err


def _refused(err: ValueError, source: Template) -> AnswerRefused | TemplateUnusable:
    invalid = _INVALID.search(str(err))
    if invalid:
        question, why = invalid.groups()
        what = f"{question}: {why.strip()}"
        return AnswerRefused(what, where=f'question "{question}"')
    required = _REQUIRED.search(str(err))
    if required:
        what = f"not answered: {required[1]}"
        return AnswerRefused(what, next_step=f"add --set {required[1]}=…")
    what = f"the template can't be used: {_first_line(err)}"
    return TemplateUnusable(what, where=source.source)


def _first_line(err: Exception) -> str:
    rows = [row.strip() for row in str(err).splitlines() if row.strip()]
    return rows[0] if rows else repr(err)
