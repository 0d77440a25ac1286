"""A project is as short as promised, and has nothing that it does not use."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden import APPLICATIONS, GOLDEN, files, render

WHOLE = 6_500
TO_READ = 2_500  # outside of the runtime and the contracts, the ledger included
SECOND_SOURCE = 600
COPIED = ("src/acme/runtime/", "tests/contracts/")
# What users import themselves, as from viadot.
PUBLIC = {
    *("acme.config", "acme.exceptions", "acme.signals", "acme.utils"),
    *("acme.orchestration.prefect.exceptions", "acme.orchestration.prefect.utils"),
    *("acme.orchestration.prefect.flows", "acme.orchestration.prefect.tasks"),
    "acme.sources",
}


def lines(content: bytes) -> int:
    return len(content.splitlines())


@pytest.fixture(scope="module")
def golden_files() -> dict[str, bytes]:
    return files(GOLDEN)


def test_the_golden_is_short(golden_files: dict[str, bytes]) -> None:
    assert sum(map(lines, golden_files.values())) <= WHOLE


def test_what_has_to_be_read_of_it_is_shorter(golden_files: dict[str, bytes]) -> None:
    to_read = [
        lines(content)
        for path, content in golden_files.items()
        if not path.startswith(COPIED)
    ]
    assert sum(to_read) <= TO_READ


def test_a_second_source_of_a_dialect_adds_little(
    golden_files: dict[str, bytes], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    second = ["component=source", "name=orders_db", "dialect=postgresql"]
    render(project, [*APPLICATIONS, [*second, "destinations=[adls]"]])
    before, after = golden_files, files(project)
    added = sum(map(lines, after.values())) - sum(map(lines, before.values()))
    assert 0 < added <= SECOND_SOURCE
    copied = {path for path in after if path.startswith(COPIED)}
    assert copied == {path for path in before if path.startswith(COPIED)}


def imported(project: Path, module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports, and their packages."""
    path = project / "src" / Path(*module.split("."))
    inside = path.is_dir()
    text = (path / "__init__.py" if inside else path.with_suffix(".py")).read_text()
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            base = module.split(".")
            base = base[: len(base) - node.level + inside] if node.level else []
            start = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            names = [start, *(f"{start}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def modules(project: Path) -> set[str]:
    """Return the names of all modules of the package."""
    source = project / "src"
    found = (path.relative_to(source) for path in source.rglob("*.py"))
    return {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found
    }


def test_each_module_is_imported_by_what_the_project_offers() -> None:
    every = modules(GOLDEN)
    assert every >= PUBLIC
    reached, following = set(), list(PUBLIC)
    while following:
        module = following.pop()
        if module in every and module not in reached:
            reached.add(module)
            following += imported(GOLDEN, module)
    assert every - reached == set()


def test_a_module_that_nobody_imports_is_noticed(tmp_path: Path) -> None:
    """The walk finds imports of every form."""
    package = tmp_path / "src" / "acme" / "sources"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").write_text("from ..a import b\nfrom .c import D\n")
    (package / "c.py").write_text("import acme.e\nfrom acme.f import g\n")
    assert {*imported(tmp_path, "acme.sources")} >= {"acme.a.b", "acme.sources.c"}
    found = {*imported(tmp_path, "acme.sources.c")}
    assert found >= {"acme", "acme.e", "acme.f", "acme.f.g"}
    assert modules(tmp_path) == {"acme", "acme.sources", "acme.sources.c"}
