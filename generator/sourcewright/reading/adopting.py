"""Find what a package that is there already has, and answer the questions from it.

Nothing is written and nobody is asked: what can't be known is told.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from sourcewright import ledger
from sourcewright.changes import Fact
from sourcewright.errors import AnswerRefused, NotReady, UnsafePath
from sourcewright.reading import checkers, metadata, packages, pages, viadot
from sourcewright.reading.metadata import Metadata, text_of
from sourcewright.reading.project import settings
from sourcewright.rendering.answers import Answers
from sourcewright.tree import Tree, locate, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SUBPACKAGE = "connectors"


@dataclass(frozen=True)
class Found:
    """What was found: answers, and where each is from.

    Where `package` isn't among the answers, `unknown` says why, and `example` is what
    it might be.
    """

    values: dict[str, Any]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    unknown: str = ""
    example: str = ""


def look(tree: Tree, given: Answers) -> Found:
    """Look at a project that was made without us; what is given isn't looked for.

    Raises:
        NotReady: there is no package, or none of ours is needed; or pyproject.toml is
            not valid TOML.
        SourcewrightError: `[tool.sourcewright]` or the ledger can't be read.
    """
    metadata.refuse_invalid(tree)
    known = metadata.read(tree)
    _refuse_viadot(tree)
    if known.requirements is None:
        what = "there is no package here: no pyproject.toml, setup.cfg or setup.py"
        step = "go to the folder that has one, or make a project: sourcewright new PATH"
        raise NotReady(what, where=str(tree.root), next_step=step)
    found = _Finder(tree, known, {**_answered(tree), **dict(given.values)})
    found.look()
    return Found(
        found.values,
        tuple(found.facts),
        (*found.notes, *_notes(tree, known, found.values)),
        found.unknown,
        found.example,
    )


def _refuse_viadot(tree: Tree) -> None:
    if viadot.is_checkout(tree):
        what = "this is viadot, which needs no init: connectors can be added as it is"
        raise NotReady(what, next_step="sourcewright add source NAME")


def _answered(tree: Tree) -> dict[str, Any]:
    """Return what was answered already: in the ledger, and in `[tool.sourcewright]`."""
    former = ledger.answers(tree, "project") or {}
    former = {key: value for key, value in former.items() if not key.startswith("_")}
    former.pop("component", None)
    return {**former, **settings(tree)}


def complete(found: Found, given: Answers) -> Answers:
    """Return all answers for the project.

    Raises:
        AnswerRefused: which package is meant can't be known.
    """
    values = {"host": "existing", **found.values, **dict(given.values)}
    if "package" not in values:
        step = f"say where, for example --set package={found.example}"
        raise AnswerRefused(found.unknown, next_step=step)
    return Answers("project", tuple(values.items()))


class _Finder:
    """Answers one question after the other, and keeps where each answer is from."""

    def __init__(self, tree: Tree, known: Metadata, values: dict[str, Any]) -> None:
        self.tree = tree
        self.known = known
        self.values = values
        self.facts = [Fact(key, _shown(values[key]), "answered") for key in values]
        self.packages: list[str] = []
        self.unknown = ""
        self.example = ""
        self.notes: list[str] = []

    def look(self) -> None:
        self._look_for("distribution", self._distribution)
        self._say("metadata", self.known.requirements, "where its requirements are")
        name = str(self.values["distribution"])
        self._say("project_name", _title(name), "from the distribution's name")
        self._find_packages()
        if "package" in self.values:
            self._look_for("tests_folder", self._tests)
        self._look_for("docs_folder", self._docs)
        self._say("navigation", *self._navigation())
        tools = checkers.find(self.tree, self.known)
        self._say("tools", tools, "told to leave the connectors to ruff.toml")

    def _look_for(self, key: str, look: Callable[[], tuple[str, str]]) -> None:
        """Answer a question that has no answer; one that has is not looked for."""
        if key not in self.values:
            self._say(key, *look())

    def _say(self, key: str, value: object, why: str) -> None:
        if key not in self.values:
            self.values[key] = value
            self.facts.append(Fact(key, _shown(value), why))

    def _distribution(self) -> tuple[str, str]:
        name = self.known.distribution
        if name:
            return name, "from its metadata"
        return canonicalize_name(self.tree.root.name), "the folder's name"

    def _find_packages(self) -> None:
        """Find the packages of the first folder that has any, and choose one."""
        answered = self.values.get("source_folder")
        declared = packages.declared(self.known)
        folders = (*declared, *packages.FOLDERS)
        for folder in [str(answered)] if answered else folders:
            self.packages = packages.below(self.tree, folder)
            if self.packages:
                self._say("source_folder", folder, f"has {', '.join(self.packages)}")
                break
        if "package" in self.values:
            return
        if not self.packages:
            what = "there is no package here: no folder with an __init__.py"
            step = "make one, or say where it should be: --set source_folder=src"
            step += " --set package=acme.connectors"
            raise NotReady(what, where=str(self.tree.root), next_step=step)
        own = canonicalize_name(str(self.values["distribution"]))
        named = [e for e in self.packages if canonicalize_name(_dashed(e)) == own]
        chosen = named if len(named) == 1 else self.packages
        self.example = f"{chosen[0]}.{_SUBPACKAGE}"
        folder = str(self.values["source_folder"])
        if len(chosen) > 1:
            self.unknown = f"there is more than one package: {', '.join(chosen)}"
        elif (
            chosen is self.packages
            and "." in chosen[0]
            and folder not in (answered, "src", *declared)
        ):
            outer = chosen[0].partition(".")[0]
            place = outer if folder == "." else f"{folder}/{outer}"
            self.unknown = (
                f"{place} has no __init__.py: it is a namespace package, or a folder "
                f"of code, as --set source_folder={place} would say"
            )
        elif _SUBPACKAGE in packages.modules(self.tree, folder, chosen[0]):
            self.unknown = f"{self.example} is there already"
            self.example = f"{chosen[0]}.ingest"
        else:
            self._say("package", self.example, "a place of their own in the package")

    def _tests(self) -> tuple[str, str]:
        """Choose a new folder below the tests, of a name that nothing else has."""
        package = str(self.values["package"])
        folder = self._folder_of_tests()
        name = package.replace(".", "_").lower()
        name += "" if "." in package else f"_{_SUBPACKAGE}"
        taken = {PurePosixPath(each).stem for each in self.tree.names(folder)}
        while name in taken or name in self.packages:
            name += "_tests"
        is_package = "__init__.py" in self.tree.names(folder)
        why = "a package" if is_package else "no package"
        return f"{folder}/{name}", f"new; {folder} is {why}"

    def _folder_of_tests(self) -> str:
        """Choose a folder that pytest is told of, but none that the code is in."""
        paths = self.known.tool("pytest", "ini_options", "testpaths")
        for file, section in (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest")):
            paths = paths or self.known.option(file, section, "testpaths")
        told = paths.split() if isinstance(paths, str) else paths
        listed = [plain(each) for each in told] if isinstance(told, list) else []
        code = [self._place(each) for each in ("", self.values["package"])]
        known = [
            each
            for each in (*listed, "tests", "test")
            if each and _is_folder(self.tree, each) and not _holds(each, code)
        ]
        named = [each for each in known if re.search("test|check", each.lower())]
        no_tests = {*packages.NO_PACKAGES, *map(self._place, self.packages)}
        others = [each for each in known if each not in no_tests]
        return next(iter((*named, *others)), "tests")

    def _place(self, package: str) -> str:
        folder = str(self.values.get("source_folder", "."))
        return str(PurePosixPath(folder, package.replace(".", "/")))

    def _docs(self) -> tuple[str, str]:
        text = text_of(self.tree, "mkdocs.yml")
        if not text:
            folders = ("docs", "doc", "docs/source")
            if any("conf.py" in self.tree.names(each) for each in folders):
                return "", "pages are made for MkDocs, and this is Sphinx"
            return "", "no mkdocs.yml"
        if "mkdocstrings" not in pages.plugins(text):
            return "", "mkdocs.yml has no mkdocstrings"
        folder = pages.folder(text)
        if not folder:
            return "", "mkdocs.yml has its pages in no folder of the project"
        return folder, "from mkdocs.yml"

    def _navigation(self) -> tuple[list[str], str]:
        text = text_of(self.tree, "mkdocs.yml")
        if not self.values["docs_folder"]:
            return [], "no pages"
        if "literate-nav" in pages.plugins(text):
            self.notes.append(
                "the navigation is written in Markdown (literate-nav), enter there:\n"
                "    - [Base classes](references/sources/base.md)\n"
                "    - [Tasks](references/orchestration/prefect/tasks.md)\n"
                "    - [Flows](references/orchestration/prefect/flows.md)"
            )
            return [], "literate-nav has it in Markdown"
        titles = pages.navigation(text)
        if not titles:
            return [], "mkdocs.yml has no nav, so MkDocs lists every page"
        return titles, "from mkdocs.yml"


def _is_folder(tree: Tree, path: str) -> bool:
    with suppress(UnsafePath):
        return locate(tree.root, path).is_dir()
    return False


def _holds(folder: str, places: list[str]) -> bool:
    """Return whether a folder is one of the places, or holds one."""
    return folder == "." or any(f"{each}/".startswith(f"{folder}/") for each in places)


def _dashed(package: str) -> str:
    return package.replace(".", "-")


def _title(distribution: str) -> str:
    return " ".join(re.split(r"[-_.]+", distribution)).title()


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} in {file}" for key, file in value.items()) or "none"
    if isinstance(value, list):
        return " > ".join(map(str, value)) or "none"
    return str(value) or "none"


def _notes(tree: Tree, known: Metadata, values: dict[str, Any]) -> list[str]:
    """Tell what nothing is entered for, and what the connectors need."""
    folder = str(values.get("source_folder", "."))
    package = str(values.get("package", ""))
    module = package.replace(".", "/")
    code = module if folder == "." else f"{folder}/{module}"
    places = [code, str(values.get("tests_folder", "tests"))]
    notes = [
        _alone("", file, tool, places, package)
        for file, tool in checkers.unreachable(tree).items()
    ]
    for up, parent in _further_up(tree):
        below = [f"{tree.root.relative_to(parent.root)}/{each}" for each in places]
        tools = checkers.find(parent, metadata.read(parent))
        for tool, file in tools.items():
            if tool not in values["tools"] or tool in checkers.OF_WHERE_THEY_RUN:
                notes.append(_alone(up, file, tool, below, package))
        if text_of(parent, "mkdocs.yml"):
            notes.append(f"{up}mkdocs.yml is left as it is: no pages are made for it")
    if known.python and re.search(r"(?:>=?|\^|~=?)\s*3\.(?:[0-9]|10)\b", known.python):
        notes.append(f"connectors need Python 3.11, and this admits {known.python}")
    return notes


def _alone(up: str, file: str, tool: str, places: list[str], package: str) -> str:
    """Say which lines are to be added in a file, for they are not ours to add."""
    lines = checkers.lines_for(tool, file, places, package)
    what = f"{up}{file}: tell {tool} to leave {' and '.join(places)} alone:"
    return "\n".join([what, *(f"    {line}" for line in lines.split("\n"))])


def _further_up(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield the folders above, up to the repository's, and the way to each."""
    tops = [
        each for each in (tree.root, *tree.root.parents) if (each / ".git").exists()
    ]
    for number, parent in enumerate(tree.root.parents, start=1):
        if not tops or not parent.is_relative_to(tops[0]):
            return
        yield "../" * number, Tree(parent)
