"""Render one application of the template into memory: the only user of Copier.

Copier is imported when something is rendered; its own files go into a temporary folder.
"""

from __future__ import annotations

import errno
import re
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright.errors import AnswerRefused, TemplateUnusable
from sourcewright.rendering.answers import refuse_unknown
from sourcewright.rendering.checkout import lay_out
from sourcewright.staging import complaint, staging
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from copier import Worker

    from sourcewright.rendering.answers import Answers
    from sourcewright.tree import Tree

_PROJECT = f"{LEDGER}/project/answers.yml"
_PACKAGE = Path(__file__).resolve().parents[1]
# What Python says about a text where a question wants a number.
_NO_NUMBER = re.compile(r"(?:to float|with base 10): (.*)", re.DOTALL)
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

    @property
    def address(self) -> str:
        """Return what a user knows the template by."""
        return self.name or self.source


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
    """Return the template that is asked for; else the one that this package came with.

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
        raise TemplateUnusable(what, next_step="install it again, or pass --template")
    if ref is not None:
        what = "the installed template has one version only"
        raise TemplateUnusable(
            what, next_step="also pass --template with a git repository"
        )
    return Template(str(bundled), None, "sourcewright", f"v{version('sourcewright')}")


@contextmanager
def opened(source: Template) -> Iterator[Template]:
    """Yield the template in the form that Copier reads fastest, for several renders."""
    with tempfile.TemporaryDirectory(prefix="sourcewright-") as temporary:
        folder = Path(temporary).resolve() / "template"
        described = source.ref and lay_out(source.source, source.ref, folder)
        if described:
            yield Template(str(folder), None, source.source, described)
        else:
            yield source


def render(
    source: Template, answers: Answers, tree: Tree, *, ask: bool = False
) -> Rendered:
    """Render one application with its answers, and the defaults for the others.

    With `ask`, where an answer without a default is missing, Copier asks for it on the
    terminal, and for what depends on it: with the default, until the answer is good.

    Raises:
        AnswerRefused: an answer is not known, not a good one, or missing.
        TemplateUnusable: the template isn't there, or can't be rendered.
        KeyboardInterrupt: Ctrl-C at a question.
    """
    with staging() as temporary:
        # Copier takes the folder's name for the project's.
        folder = temporary / (tree.root.name or "project")
        folder.mkdir()
        # What was answered before: the project's package, and the kinds of both ends.
        former = _former(answers, tree)
        for path, text in former.items():
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_bytes(text.encode())
        data = {k: v for k, v in answers.as_data().items() if k not in answers.missing}
        try:
            worker, notes = _run_copier(source, data, folder, defaults=True)
        except _Unanswered as err:
            if not ask:
                missing = dict.fromkeys((*answers.missing, err.question))
                step = " ".join(f"--set {each}=…" for each in missing)
                what = f"not answered: {', '.join(missing)}"
                step = f"add {step}, or use --answers FILE"
                raise AnswerRefused(what, next_step=step) from err
            worker, notes = _run_copier(source, data, folder, defaults=False)
        asked = {
            name
            for name, question in worker.template.questions_data.items()
            if question.get("when") is not False
        }
        if "component" not in asked:
            what = "the template can't be used: it is not a template for connectors"
            raise TemplateUnusable(what, where=source.address)
        refuse_unknown(answers, asked)
        combined = dict(worker.answers.combined)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes().decode()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        kept = frozenset(path for path in files if worker.match_skip(Path(path)))
    for path in former:
        del files[path]
    own = f"{LEDGER}/{combined['application']}/answers.yml"
    files[own] = _named(files[own], source)
    return Rendered(str(combined["application"]), files, combined, kept, notes)


def _former(answers: Answers, tree: Tree) -> dict[str, str]:
    """Return the answers in the ledger that a component's defaults follow, by path."""
    if answers.component == "project":
        return {}
    paths = [_PROJECT]
    if answers.component == "flow":
        paths += [
            f"{LEDGER}/{end}-{answers.get(end)}/answers.yml"
            for end in ("source", "destination")
            if re.fullmatch("[a-z0-9_]{1,40}", str(answers.get(end)))
        ]
    found = {path: tree.text(path) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


class _Unanswered(Exception):  # noqa: N818  # what Copier needs, not what it refused
    """A question has no answer, and no default that is one."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


def _named(text: str, source: Template) -> str:
    """Write the template's name in the place of a folder of this machine."""
    if source.name is None:
        return text
    text = re.sub("(?m)^_commit: .*\n", "", text)
    # As Copier's own filter writes them, quotes and broken lines included.
    origin = yaml.dump(
        {"_commit": source.commit, "_src_path": source.name},
        indent=4,
        allow_unicode=True,
        default_flow_style=False,
    )
    return re.sub("(?m)^_src_path: .*\n", lambda _: origin, text)


def _run_copier(
    source: Template, data: dict[str, Any], folder: Path, *, defaults: bool
) -> tuple[Worker, tuple[str, ...]]:
    """Run Copier on a template; tell its failures as ours, gather its warnings."""
    from copier import run_copy  # noqa: PLC0415  # over half a second of imports
    from copier.errors import CopierError, DirtyLocalWarning  # noqa: PLC0415
    from jinja2 import TemplateError  # noqa: PLC0415
    from plumbum import ProcessExecutionError  # noqa: PLC0415

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            worker = run_copy(
                source.source,
                folder,
                data,
                vcs_ref=source.ref,
                defaults=defaults,
                overwrite=True,
                quiet=True,
                skip_tasks=True,
            )
    except KeyboardInterrupt as err:
        # Copier's own is an error of the template's as well.
        raise KeyboardInterrupt from err
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
            where=source.address,
            next_step="fix that, or use another template with --template",
        ) from err
    except ValueError as err:
        raise _refused(err, source, data) from err
    if any(issubclass(each.category, DirtyLocalWarning) for each in caught):
        note = "the template has uncommitted changes: no update can start from it"
        return worker, (note,)
    return worker, ()


def _refused(
    err: ValueError, source: Template, data: dict[str, Any]
) -> AnswerRefused | TemplateUnusable | _Unanswered:
    required = _REQUIRED.search(str(err))
    if required:
        return _Unanswered(required[1])
    invalid = _INVALID.search(str(err))
    if invalid:
        question, why = invalid.groups()
        if question not in data:
            return _Unanswered(question)
        what = f"{question}: {why.strip()}"
        step = f"give another answer, for example with --set {question}=…"
        return AnswerRefused(what, where=f'question "{question}"', next_step=step)
    if number := _NO_NUMBER.search(str(err)):
        names = [name for name, value in data.items() if repr(value) == number[1]]
        question = names[0] if names else "a number"
        step = f"give a number, for example with --set {question}=10"
        where = f'question "{question}"'
        return AnswerRefused(
            f"{question}: it isn't a number", where=where, next_step=step
        )
    if "Could not convert" in str(err):
        what = f"an answer is of another type than its question: {_first_line(err)}"
        return AnswerRefused(what, next_step="answer with a text")
    what = f"the template can't be used: {_first_line(err)}"
    return TemplateUnusable(what, where=source.address)


def is_trusted(source: str) -> bool:
    """Return whether the user's settings of Copier trust a template's address."""
    from copier import load_settings  # noqa: PLC0415  # over half a second of imports

    trusted = load_settings().trust
    return any(source == e or (e[-1:] == "/" and source.startswith(e)) for e in trusted)


def _first_line(err: Exception) -> str:
    rows = [row.strip() for row in str(err).splitlines() if row.strip()]
    return rows[0] if rows else repr(err)
