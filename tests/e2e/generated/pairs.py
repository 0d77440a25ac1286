"""Projects such that each two answers meet in one of them.

The factors are the questions of copier.yml that have choices, and what a user is free
to say: names of any length, no destination or several.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from allpairspy import AllPairs

from tests.golden import REPOSITORY, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

AT_LEAST = 150
# As long as a name may be, so that every line that holds it is at its longest.
LONG_SOURCE = "customers_of_the_european_subsidiaries_2"
LONG_DESTINATION = "warehouse_of_the_european_subsidiaries_2"
PACKAGES = ("acme", "data_lake_2")
# How a source or destination is called: like its kind, or like nothing in the table.
NAMES = ("own", "short", "long")

# Questions with choices that don't belong to a kind of source.
GENERAL = {
    *("component", "host", "metadata", "runtime"),
    *("kind", "source_kind", "destination_kind"),
}


@dataclass(frozen=True)
class Project:
    """A project, as the answers of its applications, in the order of adding them."""

    title: str
    applications: tuple[Mapping[str, str], ...]


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return the questions of copier.yml, by name."""
    text = (REPOSITORY / "copier.yml").read_text("utf-8")
    *_, last = yaml.safe_load_all(text.replace("!include", "# !include"))
    return {name: row for name, row in last.items() if not name.startswith("_")}


@cache
def factors() -> dict[str, dict[str, list[str]]]:
    """Return the choices that each kind of source has, by question."""
    known = table()
    found: dict[str, dict[str, list[str]]] = {
        kind: {} for kind in known["kinds"]["source"]
    }
    for name, question in questions().items():
        if name in GENERAL or "choices" not in question:
            continue
        (kind,) = (kind for kind in found if f"kind == '{kind}'" in question["when"])
        choices = question["choices"]
        if isinstance(choices, str):  # a row of the table each
            choices = list(known[f"{name}s"])
        found[kind][name] = [
            str(value)
            for value in (choices.values() if isinstance(choices, dict) else choices)
        ]
    return found


def projects() -> list[Project]:
    """Return the projects: every pair of answers is in one of them, at least."""
    drawn = random.Random(5)  # noqa: S311 - the same ones each time
    ends = [(), *((kind,) for kind in _destinations()), tuple(_destinations())]
    found = [
        _project(kind, dict(zip(rows, row, strict=True)))
        for kind, own in factors().items()
        for rows in [_rows(own, ends)]
        for row in AllPairs(list(rows.values()))
    ]
    titles = {each.title for each in found}
    kinds = list(factors())
    while len(found) < AT_LEAST:
        kind = drawn.choice(kinds)
        rows = _rows(factors()[kind], ends)
        more = {name: drawn.choice(values) for name, values in rows.items()}
        project = _project(kind, more)
        if project.title not in titles:
            titles.add(project.title)
            found.append(project)
    return found


def as_answers(project: Project) -> list[list[str]]:
    """Return a project's answers as `copier copy --data` takes them."""
    return [
        [f"{name}={value}" for name, value in each.items()]
        for each in project.applications
    ]


def _destinations() -> list[str]:
    return list(table()["kinds"]["destination"])


def _rows(
    own: Mapping[str, list[str]], ends: Sequence[Any]
) -> dict[str, Sequence[Any]]:
    """Return what can be said of a source and its destinations."""
    return {
        "package": PACKAGES,
        "source": NAMES,
        "destination": NAMES,
        "ends": ends,
        "by": ("source", "flow"),  # which component makes the flows
        **own,
    }


def _project(kind: str, row: Mapping[str, Any]) -> Project:
    package = row["package"]
    own = {name: row[name] for name in factors()[kind]}
    source = {
        "own": own.get("dialect", kind),
        "short": "orders",
        "long": LONG_SOURCE,
    }[row["source"]]
    destinations = dict(_named(row["ends"], row["destination"], source))
    applications = [
        {"component": "project", "project_name": "Acme", "package": package},
        *(
            {"component": "destination", "name": name, "kind": kind}
            for name, kind in destinations.items()
        ),
    ]
    listed = [f"{{{name}: {end}}}" for name, end in destinations.items()]
    wanted = listed if row["by"] == "source" else []
    applications.append(
        {
            "component": "source",
            "name": source,
            "kind": kind,
            "destinations": f"[{', '.join(wanted)}]",
            **own,
        }
    )
    if row["by"] == "flow":
        applications += [
            {"component": "flow", "source": source, "destination": name}
            for name in destinations
        ]
    title = " ".join([kind, *map(str, own.values()), "to", *row["ends"], row["by"]])
    names = f"{row['source']}/{row['destination']} {package}"
    return Project(f"{title} ({names})", tuple(applications))


def _named(ends: Sequence[str], name: str, source: str) -> Iterator[tuple[str, str]]:
    """Yield a name and the kind of each destination; a source's own name is taken."""
    for number, kind in enumerate(ends):
        if name == "own" and kind != source:
            yield kind, kind
        elif name == "long" and not number:
            yield LONG_DESTINATION, kind
        else:
            yield f"store{number}", kind
