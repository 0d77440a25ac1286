"""What a project says of itself: its name, what it needs, where its code is.

Read from pyproject.toml, setup.cfg and setup.py, without running anything. A file that
can't be read, or says something unexpected, says nothing.
"""

from __future__ import annotations

import ast
import configparser
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sourcewright.errors import NotReady, UnsafePath
from sourcewright.weave.splice import normalized

if TYPE_CHECKING:
    from sourcewright.tree import Tree


@dataclass(frozen=True)
class Metadata:
    """What is known of a project; `requirements` is where its requirements belong.

    `toml` and `ini` hold the data of pyproject.toml, and of INI files by name.
    """

    distribution: str | None = None
    requirements: str | None = None
    python: str | None = None
    toml: dict[str, Any] = field(default_factory=dict)
    ini: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    def tool(self, *names: str) -> Any:  # noqa: ANN401  # TOML's data
        """Return what `[tool.<names>]` of pyproject.toml holds; None for nothing."""
        data: Any = self.toml.get("tool", {})
        for name in names:
            data = data.get(name) if isinstance(data, dict) else None
        return data

    def option(self, file: str, section: str, key: str) -> str | None:
        """Return a value of an INI file; None for nothing."""
        return self.ini.get(file, {}).get(section, {}).get(key)


def read(tree: Tree) -> Metadata:
    """Read what a project says of itself."""
    toml = load_toml(text_of(tree, "pyproject.toml"))
    names = ("setup.cfg", "tox.ini", ".flake8", "mypy.ini", ".mypy.ini")
    ini = {name: _load_ini(text_of(tree, name)) for name in (*names, "pytest.ini")}
    program = _setup_call(text_of(tree, "setup.py"))
    found = Metadata(toml=toml, ini=ini)
    for known in (_standard(found), _poetry(found), _setuptools(found, program)):
        if known is not None:
            return Metadata(*known, toml=toml, ini=ini)
    return found


def refuse_invalid(tree: Tree) -> None:
    """Refuse a pyproject.toml that says nothing because it can't be read.

    Raises:
        NotReady: it can't, with the line.
    """
    file = "pyproject.toml"
    try:
        tomllib.loads((tree.text(file) or "").removeprefix("\ufeff"))
    except UnicodeDecodeError as err:
        what = f"{file} is not UTF-8: {err.reason} at byte {err.start}"
    except ValueError as err:
        what = f"{file} is not valid TOML: {err}"
    except RecursionError:
        what = f"{file} is nested too deeply"
    except OSError as err:
        what = f"{file} can't be read: {err.strerror}"
    else:
        return
    raise NotReady(what, where=file, next_step="fix it, then rerun")


def text_of(tree: Tree, path: str) -> str:
    """Return a file's text with plain newlines; an empty one if it can't be read."""
    with suppress(OSError, UnicodeDecodeError, UnsafePath):
        return normalized((tree.text(path) or "").removeprefix("\ufeff"))
    return ""


def load_toml(text: str) -> dict[str, Any]:
    """Load TOML; nothing where it isn't any."""
    with suppress(ValueError, RecursionError):
        return tomllib.loads(text)
    return {}


def _load_ini(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(allow_no_value=True)
    with suppress(configparser.Error, AttributeError):
        parser.read_string(text)
    return {
        name: {key: value or "" for key, value in parser.items(name)}
        for name in parser.sections()
    }


def _setup_call(text: str) -> dict[str, str] | None:
    """Return the texts that setup.py hands to `setup`; None if it doesn't call it."""
    with suppress(SyntaxError, ValueError, RecursionError):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setup"):
                return {
                    each.arg: each.value.value
                    for each in node.keywords
                    if each.arg
                    and isinstance(each.value, ast.Constant)
                    and isinstance(each.value.value, str)
                }
    return None


_Known = tuple[str | None, str | None, str | None]


def _standard(found: Metadata) -> _Known | None:
    """Read `[project]`; its requirements may be in Poetry's tables, or in setup.cfg."""
    project = found.toml.get("project")
    if not isinstance(project, dict):
        return None
    where = "pyproject.toml"
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        legacy = found.option("setup.cfg", "options", "install_requires")
        if legacy is None:
            legacy = found.option("setup.cfg", "options", "install-requires")
        where = "poetry" if found.tool("poetry", "dependencies") else where
        where = "setup.cfg" if legacy is not None else where
    return _text(project.get("name")), where, _text(project.get("requires-python"))


def _poetry(found: Metadata) -> _Known | None:
    own = found.tool("poetry")
    if not isinstance(own, dict):
        return None
    python = found.tool("poetry", "dependencies", "python")
    return _text(own.get("name")), "poetry", _text(python)


def _setuptools(found: Metadata, program: dict[str, str] | None) -> _Known | None:
    if "options" in found.ini["setup.cfg"]:
        name = found.option("setup.cfg", "metadata", "name")
        python = found.option("setup.cfg", "options", "python_requires")
        return name or (program or {}).get("name"), "setup.cfg", python
    if program is None:
        return None
    return program.get("name"), "setup.py", program.get("python_requires")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
