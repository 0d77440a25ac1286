"""Where a project's packages are: in a folder of code, or at its top."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from sourcewright.tree import plain

if TYPE_CHECKING:
    from sourcewright.reading.metadata import Metadata
    from sourcewright.tree import Tree

# Folders of code, the likeliest first; a dot is the project's own.
FOLDERS = ("src", "lib", "python", ".")
NO_PACKAGES = {
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
    """Return the packages of a folder; one inside a namespace has its dots."""
    root = tree.root if folder == "." else tree.root / folder
    found: list[str] = []
    for name in sorted(tree.names("" if folder == "." else folder)):
        place = root / name
        if not _WORD.fullmatch(name) or not place.is_dir():
            continue
        if folder == "." and name in NO_PACKAGES:
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
    """Return the names of a package's modules, and of all else in it."""
    place = package.replace(".", "/")
    inside = tree.names(place if folder == "." else f"{folder}/{place}")
    return {name.removesuffix(".py") for name in inside}


def declared(known: Metadata) -> list[str]:
    """Return the folders of code that a build backend is told of."""
    told = _list(known.tool("setuptools", "packages", "find", "where"))
    told.append(known.tool("setuptools", "package-dir", ""))
    entries = _list(known.tool("poetry", "packages"))
    told += [each.get("from") for each in entries if isinstance(each, dict)]
    for keys in (("build", "targets", "wheel"), ("build",)):
        shipped = _list(known.tool("hatch", *keys, "packages"))
        told += [str(PurePosixPath(e).parent) for e in shipped if isinstance(e, str)]
    told.append(known.tool("maturin", "python-source"))
    told.append(known.tool("pdm", "build", "package-dir"))
    told.append(known.tool("uv", "build-backend", "module-root"))
    where = known.option("setup.cfg", "options.packages.find", "where") or ""
    told += where.split()
    rows = (known.option("setup.cfg", "options", "package_dir") or "").splitlines()
    told += [row.partition("=")[2] for row in rows if row.strip().startswith("=")]
    return [folder for each in told if (folder := plain(each))]


def _list(value: object) -> list[Any]:
    return [*value] if isinstance(value, list) else []
