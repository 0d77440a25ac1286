"""Whatever its names are, code is rendered as the formatter would lay it out.

One project of each kind is rendered by Copier. Its templates are then rendered with
names of other lengths, without Copier, which takes a second for each application.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from copier import run_copy

from tests.golden import REPOSITORY, template_alone
from tests.sweeps import sampled

LENGTHS = range(2, 41)
LETTERS = "abcdefghij" * 4
TEMPLATE = REPOSITORY / "template"
# Sources and destinations that differ in what their flows are given.
ENDS = [
    ({"kind": "sql", "dialect": "postgresql"}, "adls"),
    ({"kind": "sql", "dialect": "generic"}, "postgresql"),
    ({"kind": "rest", "authentication": "api_key_query"}, "duckdb"),
    ({"kind": "rest", "pagination": "offset_limit"}, "s3"),
    ({"kind": "custom"}, "local"),
]
SETTINGS = """
extend = "{extended}"
cache-dir = "{folder}/.ruff_cache"
lint.extend-select = ["I"]
lint.isort.known-first-party = {packages}
"""


def triples() -> Iterator[tuple[int, int, int]]:
    """Yield the lengths of a package, a source and a destination.

    All pairs of a source and a destination, and all of a package and either.
    """
    for one in LENGTHS:
        for other in LENGTHS:
            yield LENGTHS[(7 * one + 11 * other) % len(LENGTHS)], one, other
            yield one, other, LENGTHS[(5 * one + 3 * other) % len(LENGTHS)]
            yield one, LENGTHS[(3 * one + 5 * other) % len(LENGTHS)], other


def tried() -> list[tuple[int, int, int]]:
    same = [(length, length, length) for length in LENGTHS]
    return [*dict.fromkeys([*sampled(list(triples()), 20), *same])]


def named(length: int, first: str) -> str:
    return first + LETTERS[1:length]


def answered(folder: Path, **answers: str) -> dict[str, Any]:
    """Return all that Copier answers and derives for an application."""
    worker = run_copy(
        str(template_alone()),
        folder,
        answers,
        defaults=True,
        overwrite=True,
        quiet=True,
        skip_tasks=True,
    )
    return dict(worker.answers.combined)


class Templates:
    """The templates of each component, and what Copier makes of the questions."""

    def __init__(self, folder: Path) -> None:
        self.environment = jinja2.Environment(
            autoescape=False,  # noqa: S701 - it renders no HTML
            extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
            keep_trailing_newline=True,
            loader=jinja2.FileSystemLoader(REPOSITORY),
            lstrip_blocks=True,
            trim_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        names = self.environment.get_template("template/kinds/names.jinja")
        self.class_from = names.module.class_from  # type: ignore[attr-defined]
        self.project = answered(folder, component="project", package="pp")
        self.ends = []
        for number, (source, kind) in enumerate(ENDS):
            own = {"component": "destination", "name": f"d{number}", "kind": kind}
            given = answered(folder, **own)
            own = {"component": "source", "name": f"s{number}", **source}
            ends = f"[{{d{number}: {kind}}}]"
            self.ends.append((answered(folder, **own, destinations=ends), given, kind))

    def render(self, component: str, answers: dict[str, Any]) -> Iterator[str]:
        """Yield each Python file of a component."""
        for path in sorted((TEMPLATE / component).rglob("*.py.jinja")):
            place = path.relative_to(REPOSITORY).as_posix()
            yield self.environment.get_template(place).render(answers)

    def of(self, package: str, source: str, destination: str) -> Iterator[str]:
        """Yield each Python file of a project, with these names."""
        shared = {"code": f"src/{package}", "distribution": package, "package": package}
        yield from self.render("project", {**self.project, **shared})
        for of_source, of_destination, kind in self.ends:
            for component, name, answers in (
                ("source", source, of_source),
                ("destination", destination, of_destination),
            ):
                own = {
                    "class_name": self.class_from(name).strip(),
                    "destination": destination,
                    "destination_kinds": {destination: kind},
                    "module": name,
                    "name": name,
                }
                yield from self.render(component, {**answers, **shared, **own})


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files with names of many lengths."""
    folder = tmp_path_factory.mktemp("layout")
    templates = Templates(folder / "project")
    packages = set()
    written = folder / "written"
    written.mkdir()
    for number, (package, source, destination) in enumerate(tried()):
        names = named(package, "p"), named(source, "s"), named(destination, "d")
        packages.add(names[0])
        for place, text in enumerate(templates.of(*names)):
            path = written / f"{number}_{place}.py"
            path.write_text(text, encoding="utf-8")
    settings = SETTINGS.format(
        extended=TEMPLATE / "ruff.toml",
        folder=folder,
        packages=str(sorted(packages)).replace("'", '"'),
    )
    (written / "ruff.toml").write_text(settings, encoding="utf-8")
    return written


@pytest.mark.parametrize(
    "command", [["format", "--diff"], ["check", "--select", "I", "--diff"]]
)
def test_every_line_is_where_the_formatter_puts_it(
    command: list[str], rendered: Path
) -> None:
    program = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [program, *command, "--quiet", rendered],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stdout, done.stdout[:5000]
    assert done.returncode == 0, done.stderr


def test_a_line_of_every_form_is_there(rendered: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in rendered.glob("*.py"))
    for form in (
        r"\n    options = connector_options\(config_key,",
        r"\n    options = connector_options\(\n        config_key, credentials_secret,",
        r"\n    source_options = connector_options\(\n        \w+,\n",
        r"\n    wrapped = \(\n",
        r"\nfrom \w+\.sources import \(\n",
    ):
        assert re.search(form, text), form
