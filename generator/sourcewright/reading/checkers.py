"""Which tools format and check a project's code, and where their settings are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sourcewright.reading.metadata import text_of

if TYPE_CHECKING:
    from sourcewright.reading.metadata import Metadata
    from sourcewright.tree import Tree

# For each tool the places of its settings, the first one that has any counts.
PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "black": (("pyproject.toml", "black"),),
    "flake8": (("setup.cfg", "flake8"), ("tox.ini", "flake8"), (".flake8", "flake8")),
    "isort": (
        ("pyproject.toml", "isort"),
        ("setup.cfg", "isort"),
        ("tox.ini", "isort"),
    ),
    "mypy": (
        ("mypy.ini", "mypy"),
        (".mypy.ini", "mypy"),
        ("pyproject.toml", "mypy"),
        ("setup.cfg", "mypy"),
    ),
    "pylint": (("pyproject.toml", "pylint"),),
    "pyright": (("pyproject.toml", "pyright"),),
}
# Files that only one tool reads, and that nothing is entered in.
OWN = {
    ".isort.cfg": "isort",
    ".pylintrc": "pylint",
    "pylintrc": "pylint",
    "pyrightconfig.json": "pyright",
}
# Those that look for their settings where they are run, not beside the code.
OF_WHERE_THEY_RUN = {"flake8", "mypy", "pylint"}
_HOOK = re.compile(r"(?m)^\s*-?\s*id:\s*['\"]?([\w-]+)")


def find(tree: Tree, metadata: Metadata) -> dict[str, str]:
    """Return the tools whose settings can be entered, each with its file."""
    elsewhere = set(unreachable(tree).values())
    found = {}
    for tool, places in PLACES.items():
        if tool in elsewhere:
            continue
        for file, name in places:
            if file == "pyproject.toml":
                there = metadata.tool(name) is not None
            else:
                there = name in metadata.ini[file]
            if there:
                found[tool] = file
                break
    for tool in sorted(_hooks(tree) - found.keys() - elsewhere):
        # Without settings of its own it would have us keep to its defaults.
        files = [file for file, _ in PLACES.get(tool, ()) if text_of(tree, file)]
        if files:
            found[tool] = files[0]
    return dict(sorted(found.items()))


def unreachable(tree: Tree) -> dict[str, str]:
    """Return the files of settings that nothing is entered in, each with its tool."""
    return {file: tool for file, tool in OWN.items() if file in tree.names("")}


def lines_for(tool: str, file: str, places: list[str], package: str) -> str:
    """Return the lines that tell a tool to leave the places alone.

    They are what the template's folder tools has, for files that nothing is entered in.
    """
    quoted = ", ".join(f'"{place}"' for place in places)
    folders = ", ".join(f'"^{place}/"' for place in places)
    plain = ",".join(places)
    tests = [places[-1].replace("/", "."), places[-1].rpartition("/")[2]]
    modules = [f"{name}.*" for name in (package, *tests)]
    toml = {
        "black": f"[tool.black]\nforce-exclude = '^/({'|'.join(places)})/'",
        "isort": f"[tool.isort]\nextend_skip = [{quoted}]",
        "mypy": f"[[tool.mypy.overrides]]\nmodule = {json.dumps(modules)}\n"
        "ignore_errors = true",
        "pylint": f"[tool.pylint.main]\nignore-paths = [{folders}]",
        "pyright": f"[tool.pyright]\nignore = [{quoted}]",
    }
    ini = {
        "flake8": f"[flake8]\nextend-exclude = {plain}",
        "isort": f"[{'settings' if file == '.isort.cfg' else 'isort'}]\n"
        f"extend_skip = {plain}",
        "mypy": f"[mypy-{','.join(modules)}]\nignore_errors = True",
        "pylint": f"[MAIN]\nignore-paths = {','.join(f'^{p}/' for p in places)}",
        "pyright": f'"ignore": [{quoted}]',
    }
    return (toml if file.endswith(".toml") else ini)[tool]


def _hooks(tree: Tree) -> set[str]:
    return set(_HOOK.findall(text_of(tree, ".pre-commit-config.yaml")))
