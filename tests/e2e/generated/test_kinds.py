"""Every list of kinds names the same ones, and every kind has a golden that is fresh.

Each list is read from what it is for its readers: a page as it stands, an answer that
the prompt admits, what the Tab key gives.
"""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from tests import golden
from tests.e2e.generated.dialects import DialectContract

ROOT = golden.REPOSITORY
PARTIALS = ROOT / "template" / "kinds"
TOOL = Path(sys.executable).with_name("sourcewright")
NO_SERVER = re.compile(r"\bnot\b")  # how the table says that its server can't be had

# What a folder of a kind must have, where no other folder has it for all.
OWN_OF_A_SOURCE = {"source.py", "test_integration.py", "test_unit.py"}
OWN_OF_A_DESTINATION = {"live.py"}


class Kinds(NamedTuple):
    """What a list of kinds names."""

    source: AbstractSet[str]
    destination: AbstractSet[str]
    dialect: AbstractSet[str]
    authentication: AbstractSet[str]
    pagination: AbstractSet[str]

    @property
    def goldens(self) -> set[str]:
        """The folder of each kind's golden."""
        sources = self.dialect | self.source - {"sql"}
        return {f"source/{name}" for name in sources} | {
            f"destination/{name}" for name in self.destination
        }


def the_table() -> dict[str, Any]:
    text = (PARTIALS / "table.yml").read_text("utf-8")
    return {name: row["default"] for name, row in yaml.safe_load(text).items()}


TABLE = the_table()
KNOWN = Kinds(
    set(TABLE["kinds"]["source"]),
    set(TABLE["kinds"]["destination"]),
    set(TABLE["dialects"]),
    set(TABLE["authentications"]),
    set(TABLE["paginations"]),
)
TITLES = {
    "source": {
        row["title"]
        for name, row in [*TABLE["dialects"].items(), *TABLE["kinds"]["source"].items()]
        if name != "sql"
    },
    "destination": {row["title"] for row in TABLE["kinds"]["destination"].values()},
}


def page(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def codes(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of a page."""
    _, _, after = text.partition(f"## {heading}\n")
    lines = re.findall(r"^\| (.*) \|$", after.partition("\n## ")[0], re.MULTILINE)
    return [re.split(r" ?(?<!\\)\| ?", line) for line in lines[2:]]


def in_the_prompt() -> Kinds:
    *_, questions = yaml.safe_load_all(page("copier.yml").replace("!include", "#"))

    def choices(question: str, component: str) -> set[str]:
        expression = NativeEnvironment().from_string(questions[question]["choices"])
        hidden = {"databases": TABLE["dialects"], "in_viadot": False}
        return set(expression.render(component=component, **hidden, **TABLE))

    assert choices("source_kind", "flow") == choices("kind", "source")
    assert choices("destination_kind", "flow") == choices("kind", "destination")
    return Kinds(
        choices("kind", "source"),
        choices("kind", "destination"),
        choices("dialect", "source"),
        choices("authentication", "source"),
        choices("pagination", "source"),
    )


def in_folders_of_kinds() -> Kinds:
    """The folders below template/kinds; those of families begin with an underscore."""
    found: dict[str, set[str]] = {"source": set(), "destination": set()}
    dialects: set[str] = set()
    for path in PARTIALS.glob("*/*/kind.yml"):
        component, name = path.parent.parent.name.removesuffix("s"), path.parent.name
        row = yaml.safe_load(path.read_text("utf-8"))
        own = {each.name.removesuffix(".jinja") for each in path.parent.iterdir()}
        if component == "source" and "family" in row:
            dialects.add(name)
        elif name.startswith("_"):
            found[component] |= {"sql"} if component == "source" else set()
        else:
            wanted = {"source": OWN_OF_A_SOURCE, "destination": OWN_OF_A_DESTINATION}
            assert own >= wanted[component], path
            found[component].add(name)
        if "family" in row:
            assert (path.parent.parent / row["family"] / "kind.yml").is_file(), path
    return KNOWN._replace(dialect=dialects, **found)


def in_the_page_about_kinds() -> Kinds:
    text = page("docs/reference/kinds.md")
    sources = [codes(f"{row[0]} {row[1]}") for row in rows(text, "Sources")]

    def first(heading: str) -> set[str]:
        return {name for row in rows(text, heading) for name in codes(row[0])}

    return Kinds(
        {row[0] for row in sources},
        first("Destinations"),
        {row[1] for row in sources if len(row) > 1},
        first("How a REST API authenticates requests"),
        first("How a REST API divides records into pages"),
    )


def in_the_page_about_questions() -> Kinds:
    text = page("docs/reference/questions.md").replace("# Questions", "## Questions")
    choices = {codes(row[0])[0]: row[2] for row in rows(text, "Questions")}
    source, destination = choices["kind"].split("; ")
    assert codes(source) == codes(choices["source_kind"])
    assert codes(destination) == codes(choices["destination_kind"])
    return Kinds(
        *map(set, (codes(source), codes(destination), codes(choices["dialect"]))),
        *(set(codes(choices[name])) for name in ("authentication", "pagination")),
    )


def in_the_pages_about_types() -> Kinds:
    headings = re.findall(
        r"^## (.+)$", page("docs/reference/dialects.md"), re.MULTILINE
    )
    headings += re.findall(
        r"^# Types of (.+)$", page("docs/reference/types.md"), re.MULTILINE
    )
    titles = {part.casefold() for each in headings for part in each.split(" and ")}
    known = {name: row["title"].casefold() for name, row in TABLE["dialects"].items()}
    dialects = {name for name, title in known.items() if title in titles}
    assert titles == {known[name] for name in dialects}
    return KNOWN._replace(dialect=dialects)


def in_the_readme() -> Kinds:
    text = " ".join(page("README.md").split())
    listed = re.search(r"It reads from ([^.;]+); it writes to ([^.;]+)\.", text)
    assert listed
    said = {
        end: {re.sub("^(and )?(an? )?", "", each) for each in names.split(", ")}
        for end, names in zip(("source", "destination"), listed.groups(), strict=True)
    }
    plain = {
        end: {re.sub("^an? ", "", title): title for title in titles}
        for end, titles in TITLES.items()
    }
    assert {end: set(names) for end, names in plain.items()} == said
    return KNOWN


def in_the_changelog() -> Kinds:
    said = set(codes(page("CHANGELOG.md")))
    return KNOWN._replace(
        source=KNOWN.source & said,
        destination=KNOWN.destination & said,
        dialect=KNOWN.dialect & said,
    )


def in_the_goldens() -> Kinds:
    found: dict[str, set[str]] = {name: set() for name in Kinds._fields}
    for path in golden.KINDS.glob("*/*/.sourcewright/*/answers.yml"):
        answers = yaml.safe_load(path.read_text("utf-8"))
        found[answers["component"]].add(answers["kind"])
        for question in ("dialect", "authentication", "pagination"):
            if question in answers:
                found[question].add(answers[question])
    return Kinds(**found)


def in_our_environment() -> Kinds:
    """The kinds whose requirement is among ours, or that have none."""
    groups = tomllib.loads(page("pyproject.toml"))["dependency-groups"]
    ours = {re.split("[,;]", each)[0].strip() for each in groups["kinds"]}

    def installed(part: dict[str, Any]) -> set[str]:
        return {
            name
            for name, row in part.items()
            if row.get("requirement", "").split(",")[0] in {"", *ours}
        }

    return KNOWN._replace(
        source=installed(TABLE["kinds"]["source"]),
        destination=installed(TABLE["kinds"]["destination"]),
        dialect=installed(TABLE["dialects"]),
    )


def completed(*words: str) -> list[str]:
    """Return what the Tab key gives after these words."""
    line = " ".join(["sourcewright", *words, ""])
    environment = {
        **os.environ,
        "_SOURCEWRIGHT_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) + 1),
    }
    done = subprocess.run(
        [TOOL], env=environment, capture_output=True, text=True, check=True
    )
    return [each.partition(",")[2] for each in done.stdout.splitlines()]


def by_the_tab_key() -> Kinds:
    settings = completed("add", "source", "x", "--set")
    pairs = [each.split("=") for each in settings]

    def values(question: str) -> set[str]:
        return {value for name, value in pairs if name == question}

    names = set(completed("add", "source"))
    assert names == values("dialect") | values("kind") - {"sql"}
    return Kinds(
        values("kind"),
        set(completed("add", "destination")),
        values("dialect"),
        values("authentication"),
        values("pagination"),
    )


def in_the_runtime() -> Kinds:
    """The kinds whose modules the runtime has, with the class that each row names."""

    def there(row: dict[str, Any], *modules: str) -> bool:
        places = [f"template/runtime/{each.replace('.', '/')}.py" for each in modules]
        first = page(places[0])
        name = row.get("base", row.get("class_name", ""))
        own = re.search(f"^class {name}", first, re.MULTILINE)
        return bool(own) and all((ROOT / place).is_file() for place in places)

    def of(rows: dict[str, Any], *modules: str) -> set[str]:
        return {
            name
            for name, row in rows.items()
            if name == "sql" or there(row, *(modules or row["modules"]))
        }

    return Kinds(
        of(TABLE["kinds"]["source"]),
        of(TABLE["kinds"]["destination"]),
        of(TABLE["dialects"]),
        of(TABLE["authentications"], "rest.authentication"),
        of(TABLE["paginations"], "rest.pagination"),
    )


LISTS: dict[str, Callable[[], Kinds]] = {
    "the questions of copier.yml": in_the_prompt,
    "the folders of template/kinds": in_folders_of_kinds,
    "docs/reference/kinds.md": in_the_page_about_kinds,
    "docs/reference/questions.md": in_the_page_about_questions,
    "docs/reference/dialects.md and types.md": in_the_pages_about_types,
    "README.md": in_the_readme,
    "CHANGELOG.md": in_the_changelog,
    "tests/reference": in_the_goldens,
    "pyproject.toml": in_our_environment,
    "what the shell completes": by_the_tab_key,
    "the runtime": in_the_runtime,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_the_kinds_of_the_table(name: str) -> None:
    assert LISTS[name]()._asdict() == KNOWN._asdict()


def test_no_kind_of_source_has_the_name_of_a_kind_of_destination() -> None:
    assert not KNOWN.source & KNOWN.destination


def test_what_differs_between_choices_is_a_partial_and_no_branch() -> None:
    choice = r"\b(authentication|pagination|dialect|kind)"
    branch = re.compile(rf"\b(if|elif) [^%}}]*{choice} *(==|!=|(not )?in\b)")
    found = [
        f"{path.relative_to(ROOT)}: {tag}"
        for path in sorted((ROOT / "template").rglob("*"))
        if path.is_file() and path.parent.name != "__pycache__"
        for tag in re.findall(r"\{[%{].*?[%}]\}", path.read_text("utf-8"))
        if branch.search(tag)
    ]
    assert found == []


def names_jinja() -> Any:  # noqa: ANN401 - what a Jinja module holds
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - it renders no HTML
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        loader=jinja2.FileSystemLoader(ROOT),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template/kinds/names.jinja").make_module(TABLE)


def bound(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module binds, but for its own connector's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@pytest.mark.parametrize("folder", sorted(KNOWN.goldens))
def test_no_connector_can_have_a_name_that_a_kind_binds(folder: str) -> None:
    own = {folder.partition("/")[2], "live", "local", "postgresql", "warehouse"}
    used: set[str] = set()
    for path in (golden.KINDS / folder).rglob("*.py"):
        names = set(bound(ast.parse(path.read_text("utf-8"))))
        place = path.relative_to(golden.KINDS / folder).as_posix()
        if place.startswith("src/acme/sources/"):
            used |= {name for name in names if name[0].isupper()}
        elif re.match("tests/integration/(?!live/)", place):
            used |= {name for name in names if name[0].islower()}
    known = names_jinja()
    accepted = []
    for name in used:
        words = re.findall("[A-Z][a-z0-9]+", name)
        snake = "_".join(words).lower() if words else name
        mine = any(each in snake for each in own) or (words and name != "".join(words))
        if not mine and not str(known.problem_with_name(snake)).strip():
            accepted.append(snake)
    assert not accepted, "take them in names.jinja, or in the kind's kind.yml"


def test_the_table_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "stale  table.yml" not in done.stdout, "run `make docs`"


def tells(path: Path, node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Return whether a test, or what its class inherits, looks at the rows it moved."""
    if isinstance(node, ast.ClassDef):
        module = import_module(f"tests.e2e.generated.{path.stem}")
        moving = inspect.getsource(DialectContract.test_a_flow_moves_every_row)
        inherits = issubclass(getattr(module, node.name), DialectContract)
        return inherits and "assert_telling(" in moving
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return any(ast.unparse(each.func) == "assert_telling" for each in calls)


def moved_by_tests() -> dict[str, list[str]]:
    """Return by what tests the rows of each golden are moved."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and "mark.moves" in ast.unparse(
                    mark.func
                ):
                    assert tells(path, node), f"{path.name}: {node.name}"
                    for argument in mark.args:
                        name = ast.literal_eval(argument)
                        found.setdefault(name, []).append(f"{path.name}: {node.name}")
    return found


def test_every_kind_has_a_test_that_moves_a_thousand_rows() -> None:
    without = {
        f"source/{name}"
        for name, row in [*TABLE["dialects"].items(), *TABLE["kinds"]["source"].items()]
        if NO_SERVER.search(row.get("run", "")) or "base" in row
    } | {
        f"destination/{name}"
        for name, row in TABLE["kinds"]["destination"].items()
        if "base" in row  # another kind's class
    }
    assert set(moved_by_tests()) == KNOWN.goldens - without


GOLDENS = list(golden.kinds())


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the projects that several kinds begin with."""
    return tmp_path_factory.mktemp("rendered")


@pytest.mark.parametrize("kind", GOLDENS, ids=[each.folder for each in GOLDENS])
def test_the_golden_of_a_kind_is_fresh(kind: golden.Kind, rendered: Path) -> None:
    wanted = golden.fresh(kind, rendered)
    committed = golden.files(golden.KINDS / kind.folder)
    changed = {
        path
        for path in {*wanted, *committed}
        if wanted.get(path) != committed.get(path)
    }
    assert not changed, (
        f"{kind.folder} is stale: run `make golden`, and read git diff tests/reference"
    )


# What may stand in prefect.yaml for a flow's parameter, by its annotation.
ADMITTED: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "dict[str, Any] | None": (dict, type(None)),
    "list[str] | None": (list, type(None)),
    "str": (str,),
    "str | None": (str, type(None)),
    "Verify": (str,),
    "WriteMode": (str,),
}


@pytest.mark.parametrize(
    "kind",
    [each for each in GOLDENS if each.folder in KNOWN.goldens],
    ids=lambda kind: kind.folder,
)
def test_the_deployments_of_a_fresh_kind_give_its_flows_what_they_take(
    kind: golden.Kind, rendered: Path
) -> None:
    project = golden.project_of(kind.applications, rendered)
    text = (project / "prefect.yaml").read_text("utf-8")
    deployments = yaml.safe_load(text)["deployments"]
    assert len(deployments) == 2
    for deployment in deployments:
        place, _, name = deployment["entrypoint"].partition(":")
        module = ast.parse((project / place).read_text("utf-8"))
        (flow,) = (
            node
            for node in module.body
            if isinstance(node, ast.FunctionDef) and node.name == name
        )
        types = {
            each.arg: ADMITTED[ast.unparse(each.annotation)]
            for each in flow.args.args
            if each.annotation
        }
        for parameter, value in deployment["parameters"].items():
            assert isinstance(value, types[parameter]), f"{name}: {parameter}"


def test_every_golden_is_of_a_kind() -> None:
    there = {
        path.relative_to(golden.KINDS).as_posix() for path in golden.KINDS.glob("*/*")
    }
    assert there == {each.folder for each in GOLDENS}
