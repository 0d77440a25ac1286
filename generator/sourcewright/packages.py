"""Where a project's packages are: in a folder of code, or at its top."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sourcewright.metadata import Metadata
    from sourcewright.tree import Tree

# Folders of code, the likeliest first; a dot is the project's own.
FOLDERS = ("src", "lib", "python", ".")
_NO_PACKAGES = {
    "benchmarks",
    "build",
    "dist",
    "doc",
    "docs",
    "examples",
    "lib",
    "node_modules",
    "notebooks",
    "python",
    "scripts",
    "site",
    "src",
    "test",
    "tests",
    "tools",
    "venv",
}
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def below(tree: Tree, folder: str) -> list[str]:
    """Give the packages of a folder; one inside a namespace has its dots."""
    root = tree.root if folder == "." else tree.root / folder
    found: list[str] = []
    for name in sorted(tree.names("" if folder == "." else folder)):
        place = root / name
        if not _WORD.fullmatch(name) or not place.is_dir():
            continue
        if folder == "." and name in _NO_PACKAGES:
            continue
        if (place / "__init__.py").is_file():
            found.append(name)
            continue
        found += [
            f"{name}.{inner.parent.name}"
            for inner in sorted(place.glob("*/__init__.py"))
            if _WORD.fullmatch(inner.parent.name)
        ]
    return found


def modules(tree: Tree, folder: str, package: str) -> set[str]:
    """Give the names of a package's modules, and of all else in it."""
    place = package.replace(".", "/")
    inside = tree.names(place if folder == "." else f"{folder}/{place}")
    return {name.removesuffix(".py") for name in inside}


def declared(known: Metadata) -> list[str]:
    """Give the folders of code that a build backend is told of."""
    where = known.tool("setuptools", "packages", "find", "where") or []
    told = [*where] if isinstance(where, list) else []
    entries = known.tool("poetry", "packages") or []
    told += [each.get("from") for each in entries if isinstance(each, dict)]
    told.append(known.tool("pdm", "build", "package-dir"))
    told.append(known.tool("uv", "build-backend", "module-root"))
    told.append(known.option("setup.cfg", "options.packages.find", "where"))
    return [each.strip("/") or "." for each in told if isinstance(each, str)]
