"""Read-only facts about a checkout of viadot: whether it is one, and what it has.

A checkout needs no project of ours: what the template asks of one is known.
"""

from __future__ import annotations

import ast
import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright import ledger
from sourcewright.errors import EditRefused, InTheWay, SourcewrightError
from sourcewright.weave.python_source import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.rendering.answers import Answers
    from sourcewright.rendering.render import Rendered, Template
    from sourcewright.tree import Tree

NAMES = {"viadot", "viadot2"}
HOST = {
    "package": "viadot",
    "source_folder": "src",
    "tests_folder": "tests",
    "docs_folder": "docs",
    "runtime": "viadot",
}
SOURCES = "src/viadot/sources"
TASKS = "src/viadot/orchestration/prefect/tasks"
FLOWS = "src/viadot/orchestration/prefect/flows"
_BASES = {"Source", "SQL"}
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_checkout(tree: Tree) -> bool:
    """Return whether this is a checkout of viadot, by its metadata and its bases."""
    name = _metadata(tree).get("name")
    if not isinstance(name, str) or name not in NAMES:
        return False
    return set(_definitions(tree, f"{SOURCES}/base.py")) >= _BASES


def ends(template: Template, end: str) -> list[str]:
    """Return the sources or the destinations of viadot that flows can stand between.

    None where the template is no folder on this machine, or has no such table.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        path = Path(template.source, "template", "viadot", "table.yml")
        table = yaml.safe_load(path.read_text("utf-8"))
        return list(table["viadot"]["default"]["ends"][end])
    return []


def completed(answers: Answers, tree: Tree, template: Template) -> Answers:
    """Answer what a checkout of viadot answers itself; an answer that is given stays.

    Raises:
        InTheWay: the checkout has what the component would make, or needs none.
    """
    if "project" in tree.applications() or not is_checkout(tree):
        return answers
    if answers.get("runtime") not in (None, HOST["runtime"]):
        return answers
    if answers.component == "project":
        what = "this is a checkout of viadot: it needs no project"
        step = "sourcewright add source NAME, or sourcewright add flow SOURCE adls"
        raise InTheWay(what, where="pyproject.toml", next_step=step)
    if answers.component == "destination":
        what = "viadot's destinations are its own: none can be added"
        theirs = ", ".join(ends(template, "destination"))
        step = f"load into one of {theirs}: sourcewright add flow SOURCE DESTINATION"
        raise InTheWay(what, where=SOURCES, next_step=step)
    refuse_existing(tree, answers.component, dict(answers.values), template)
    known = [each for each in HOST.items() if answers.get(each[0]) is None]
    if _hides(tree, answers):
        known.append(("hides_package", "true"))
    return replace(answers, values=(*answers.values, *known))


def is_in_viadot(rendered: Rendered) -> bool:
    """Return whether the application leans on viadot's classes."""
    return bool(rendered.answers.get("in_viadot"))


def refuse_existing(
    tree: Tree, component: str, answers: dict[str, Any], template: Template
) -> None:
    """Refuse a source or a flow that the checkout has already, by name and file.

    Raises:
        InTheWay: it has; the message offers the flow where there is a task for it.
    """
    if component == "source" and answers.get("name"):
        name, to = str(answers["name"]), answers.get("destinations")
        fits = name in ends(template, "source")
        _refuse_source(
            tree, name, to[0] if isinstance(to, list) and to else "adls", fits=fits
        )
    if component == "flow" and answers.get("source") and answers.get("destination"):
        _refuse_flow(tree, f"{answers['source']}_to_{answers['destination']}")


def _refuse_source(tree: Tree, name: str, destination: str, *, fits: bool) -> None:
    if f"source-{name}" in tree.applications():
        return
    for what, path in _in_the_way(tree, name):
        step = "choose another name"
        if fits:
            step = f"add the flow alone: sourcewright add flow {name} {destination}"
        message = f"viadot has {what} already"
        raise InTheWay(message, where=path, next_step=step)


def _in_the_way(tree: Tree, name: str) -> Iterator[tuple[str, str]]:
    """Yield the class, the task and the modules that a source of this name makes."""
    alike = name.replace("_", "")
    for file in sorted(tree.names(SOURCES)):
        for each in _definitions(tree, f"{SOURCES}/{file}"):
            if each.casefold() == alike:
                yield f"the class {each}", f"{SOURCES}/{file}"
    for file in sorted(tree.names(TASKS)):
        if f"{name}_to_df" in _definitions(tree, f"{TASKS}/{file}"):
            yield f"the task {name}_to_df", f"{TASKS}/{file}"
    for folder, files in (
        (SOURCES, (name, f"_{name}")),
        (TASKS, (name,)),
    ):
        for module in files:
            if {module, f"{module}.py"} & tree.names(folder):
                yield f"the module {module}", f"{folder}/{module}.py"


def _refuse_flow(tree: Tree, flow: str) -> None:
    if any(f"/{flow}.py" in text for text in _edits(tree)):
        return
    for file in sorted(tree.names(FLOWS)):
        if file == f"{flow}.py" or flow in _definitions(tree, f"{FLOWS}/{file}"):
            what = f"viadot has the flow {flow} already"
            where = f"{FLOWS}/{file}"
            raise InTheWay(what, where=where, next_step="nothing: it is already there")


def refuse_unfit(tree: Tree, rendered: Rendered) -> None:
    """Refuse a flow that would call a task with what this version's task doesn't take.

    Raises:
        InTheWay: with the argument, and the file of the task.
    """
    tasks = {
        name: (f"{TASKS}/{file}", node)
        for file in sorted(tree.names(TASKS))
        for name, node in _definitions(tree, f"{TASKS}/{file}").items()
    }
    for path, text in rendered.files.items():
        if not path.startswith(f"{FLOWS}/"):
            continue
        for call in ast.walk(read(text).tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            where, task = tasks.get(call.func.id, ("", None))
            lacking = _lacking(call, task)
            if lacking:
                what = f"this version's {call.func.id} takes no {', '.join(lacking)}"
                step = "write the flow by hand, or use another version of viadot"
                raise InTheWay(what, where=where, next_step=step)


def _lacking(call: ast.Call, task: ast.AST | None) -> list[str]:
    """Return the arguments of a call that the function doesn't have."""
    if not isinstance(task, ast.FunctionDef) or task.args.kwarg:
        return []
    taken = {each.arg for each in (*task.args.args, *task.args.kwonlyargs)}
    return [word.arg for word in call.keywords if word.arg and word.arg not in taken]


def notes(tree: Tree, rendered: Rendered) -> list[str]:
    """Return what is left to do after an extra came to a checkout with a lock file."""
    if is_in_viadot(rendered) and rendered.answers.get("requirement"):
        extra = str(rendered.answers["name"]).replace("_", "-")
        if "uv.lock" in tree.names(""):
            return [f"the extra {extra} is not in uv.lock yet: run uv lock"]
    return []


def _hides(tree: Tree, answers: Answers) -> bool:
    """Return whether a source's module would have the name of what viadot requires."""
    if answers.component != "source" or answers.get("hides_package") is not None:
        return False
    data = _metadata(tree)
    extras = data.get("optional-dependencies")
    lists = [data.get("dependencies")]
    lists += extras.values() if isinstance(extras, dict) else []
    required = [each for one in lists if isinstance(one, list) for each in one]
    names = {
        found.group().lower().replace("-", "_").replace(".", "_")
        for each in required
        if (found := _REQUIREMENT.match(str(each)))
    }
    return answers.get("name") in names


def _metadata(tree: Tree) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError, SourcewrightError):
        text = tree.text("pyproject.toml") or ""
        project = tomllib.loads(text.removeprefix("\ufeff")).get("project", {})
        return project if isinstance(project, dict) else {}
    return {}


def _definitions(tree: Tree, path: str) -> dict[str, ast.stmt]:
    """Return a module's own classes and functions; none where it can't be read."""
    with suppress(OSError, ValueError, EditRefused, SourcewrightError):
        text = tree.text(path) if path.endswith(".py") else None
        return {
            node.name: node
            for node in read((text or "").removeprefix("\ufeff")).tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }
    return {}


def _edits(tree: Tree) -> Iterator[str]:
    for each in tree.applications():
        yield tree.text(ledger.woven_path(each)) or ""
