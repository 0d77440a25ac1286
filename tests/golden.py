"""The goldens: what the template renders, now and as it is committed.

One is a whole project. Of every kind there are the files that it alone brings, short
enough to be read. `python -m tests.golden` writes all of them afresh; review them by
`git diff tests/reference`.
"""

import atexit
import functools
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal

import yaml
from sourcewright import cli

from tests import copier_runner

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "tests" / "reference"
GOLDEN = REFERENCE / "postgresql_to_adls"
KINDS = REFERENCE / "kinds"
_COMPILED = shutil.ignore_patterns("__pycache__")

# Each application of the template, in order: the commands that a user would type.
APPLICATIONS = [
    ["component=project", "project_name=Acme Pipelines", "package=acme"],
    ["component=destination", "name=adls"],
    ["component=source", "name=postgresql", "destinations=[adls]"],
]

COLUMNS = (
    "columns={id: integer, name: string, price: 'decimal(20, 4)', weight: number, "
    "paid: boolean"
)
# What a kind's golden answers beside its name, where the defaults show too little.
ANSWERS = {
    # Each destination's rows come from the source postgresql, which has that name.
    ("destination", "postgresql"): ["name=warehouse", "kind=postgresql"],
    ("source", "rest"): [
        *("name=rest", "authentication=bearer", "pagination=link_header"),
        *("records=data.items", "requests_per_second=0"),
        COLUMNS + "}",
    ],
}
Component = Literal["source", "destination"]


@dataclass(frozen=True)
class Kind:
    """The golden of a kind, of a dialect, or of one way to ask a REST API."""

    component: Component
    kind: str
    answers: list[str]  # of the source or destination itself
    folder: str  # below `KINDS`

    @property
    def name(self) -> str:
        """What the source or destination is called."""
        return self.answers[1].removeprefix("name=")

    @property
    def applications(self) -> list[list[str]]:
        """The project: a source reads for a folder, a destination gets PostgreSQL."""
        project = APPLICATIONS[0]
        if self.component == "source":
            return [project, ["component=destination", "name=local"], self.answers]
        ends = f"destinations=[{{{self.name}: {self.kind}}}]"
        source = ["component=source", "name=postgresql", ends]
        return [project, self.answers, source]

    def files(self, project: Path) -> dict[str, bytes]:
        """Return the content of what is the kind's own.

        Tasks and flows are alike for all dialects: the project's golden has them.
        """
        ledger = f".sourcewright/{self.component}-{self.name}"
        answers, woven = f"{ledger}/answers.yml", f"{ledger}/woven.yml"
        paths = [woven, *_owned(project / woven)]
        if self.folder.removeprefix("source/") in table()["dialects"]:
            paths = [path for path in paths if "/orchestration/" not in path]
        if self.component == "destination":
            flows = _owned(project / ".sourcewright/source-postgresql/woven.yml")
            paths += [path for path in flows if f"_to_{self.name}" in path]
        found = {path: (project / path).read_bytes() for path in sorted(paths)}
        return {answers: _pinned((project / answers).read_bytes()), **found}


@cache
def table() -> dict[str, Any]:
    """Return the table of kinds, each of its parts by its name."""
    text = (REPOSITORY / "template/kinds/table.yml").read_text("utf-8")
    return {name: row["default"] for name, row in yaml.safe_load(text).items()}


def kinds() -> Iterator[Kind]:
    """Yield the golden of each row of the table."""
    known = table()
    for kind in known["kinds"]["destination"]:
        yield golden_of("destination", kind)
    for kind in [*known["dialects"], *known["kinds"]["source"]]:
        if kind != "sql":
            yield golden_of("source", kind)
    for number, (one, other) in enumerate(rest_pairs()):
        answers = rest_answers(number, one, other)
        yield Kind("source", "rest", answers, f"source/rest_{one}_{other}")


def golden_of(component: Component, kind: str) -> Kind:
    """Return the golden of a kind, or of a dialect."""
    own = ANSWERS.get((component, kind), [f"name={kind}"])
    answers = [f"component={component}", *own]
    if component == "source":
        answers.append("destinations=[local]")
    return Kind(component, kind, answers, f"{component}/{kind}")


def rest_pairs() -> list[tuple[str, str]]:
    """Return ways to authenticate with ways to page, such that each is there once."""
    known = table()
    ways = list(known["authentications"]), list(known["paginations"])
    longest = max(map(len, ways))
    first, second = (islice(cycle(each), longest) for each in ways)
    return list(zip(first, second, strict=True))


def rest_answers(number: int, authentication: str, pagination: str) -> list[str]:
    """Return the answers of a source with columns of every type, and without flows."""
    return [
        *("component=source", f"name=api_{number}", "kind=rest", "destinations=[]"),
        *(f"authentication={authentication}", f"pagination={pagination}"),
        COLUMNS + ", day: date, at: timestamp, seen: datetime, extra: json}",
    ]


def _owned(woven: Path) -> list[str]:
    """Return the paths of the files that an application's ledger lists."""
    return list(yaml.safe_load(woven.read_text("utf-8"))["files"])


@functools.cache
def template_alone() -> Path:
    """Copy what Copier needs of the template, as it is now: what is not under git.

    Of a repository Copier makes a clone each time, which takes longer than the rest.
    """
    kept = tempfile.TemporaryDirectory()
    atexit.register(kept.cleanup)
    folder = Path(kept.name) / "sourcewright"
    for name in ("template", "generator"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=_COMPILED)
    shutil.copy(REPOSITORY / "copier.yml", folder)
    return folder


def render(project: Path, applications: list[list[str]] = APPLICATIONS) -> None:
    """Make a project in an empty folder, or add to one, by the generator.

    Copier makes the same bytes, and is slower: `test_generator_add.py`.
    """
    for answers in applications:
        said = io.StringIO()
        command = [*_command(answers, project), "--template", str(template_alone())]
        with redirect_stdout(said), redirect_stderr(said):
            code = cli.run(command)
        if code:
            msg = f"{answers} gave {code}:\n{said.getvalue()}"
            raise RuntimeError(msg)


def _command(answers: list[str], project: Path) -> list[str]:
    given = dict(answer.split("=", 1) for answer in answers)
    component = given.pop("component")
    if component == "project":
        command = ["new", str(project)]
    else:
        names = ("source", "destination") if component == "flow" else ("name",)
        command = ["add", component, *map(given.pop, names), "--project", str(project)]
    return [*command, *(f"--set={name}={value}" for name, value in given.items())]


def render_by_copier(project: Path, applications: list[list[str]]) -> None:
    """Make the same by stock Copier's `copy --trust`."""
    for answers in applications:
        data = [part for each in answers for part in ("--data", each)]
        code, said = copier_runner.run(
            *("copy", "--trust", "--defaults", *data),
            *(str(template_alone()), str(project)),
            python=sys.executable,
            folder=Path.cwd(),
            environment=os.environ,
        )
        if code or "pending" in said:
            msg = f"{answers} gave {code}:\n{said}"
            raise RuntimeError(msg)


def pin_template(project: Path) -> None:
    """Set what names the template's checkout to fixed values."""
    for path in project.glob(".sourcewright/*/answers.yml"):
        path.write_bytes(_pinned(path.read_bytes()))


def _pinned(answers: bytes) -> bytes:
    text = re.sub(b"(?m)^_commit: .*\n", b"", answers)
    pinned = b"_commit: v0.0.0\n_src_path: sourcewright"
    return re.sub(b"(?m)^_src_path: .*$", pinned, text)


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by its relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fresh(kind: Kind, folder: Path) -> dict[str, bytes]:
    """Render a kind's files; `folder` keeps the projects that several begin with."""
    return kind.files(project_of(kind.applications, folder))


def project_of(applications: list[list[str]], folder: Path) -> Path:
    """Render a project below `folder`, or find it there; nobody changes it."""
    project = folder / sha256(repr(applications).encode()).hexdigest()[:16]
    if not project.exists():
        *before, last = applications
        if before:
            shutil.copytree(project_of(before, folder), project)
        render(project, [last])
    return project


def main() -> None:
    """Write the goldens afresh: all of them, or those whose folders are named."""
    named = set(sys.argv[1:])
    unknown = named - {GOLDEN.name, *(kind.folder for kind in kinds())}
    if unknown:
        sys.exit(f"error: no golden is called {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as temporary:
        if not named:
            shutil.rmtree(REFERENCE, ignore_errors=True)
        if not named or GOLDEN.name in named:
            project = Path(temporary) / "project"
            render(project)
            pin_template(project)
            _write(GOLDEN, files(project))
        for kind in kinds():
            if not named or kind.folder in named:
                _write(KINDS / kind.folder, fresh(kind, Path(temporary)))


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in contents.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    place = folder.relative_to(REPOSITORY)
    sys.stdout.write(f"Wrote {len(contents)} files to {place}.\n")


if __name__ == "__main__":
    main()
