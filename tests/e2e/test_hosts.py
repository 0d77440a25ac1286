"""Packages that were there already, each with tools and habits of its own.

Each is a small tree in tests/hosts, shaped after a way in which real projects are laid
out. Its own tools and tests are content before, with connectors in it, and after; and
`remove` gives every byte back.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests.e2e.conftest import REPOSITORY, Checkout
from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Shell
    from tests.results import Keep

TREES = Path(__file__).resolve().parents[1] / "hosts"
BLACK, ISORT, FLAKE8 = "black --check .", "isort --check .", "flake8"
TOML = "pyproject.toml"
RUFF = ("ruff check", "ruff format --check")


@dataclass(frozen=True)
class Host:
    """A package: its tree, what checks it, where it is, and what it can't be asked.

    `pending` are the reasons why an edit is left to do by hand, and `by_hand` does it:
    in a file, one text for another.
    """

    tree: str
    checks: tuple[str, ...]
    path: str
    package: str
    tests: str
    folder: str = "."
    settings: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    by_hand: tuple[tuple[str, str, str], ...] = ()
    source: tuple[str, ...] = ("postgresql",)
    destination: str = "adls"
    more: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    uses: dict[str, str] = field(default_factory=dict)
    newline: str = "\n"

    @property
    def name(self) -> str:
        """Return the tree's name, and what is different about it here."""
        return self.tree + ("_crlf" if self.newline == "\r\n" else "")


NEEDS = [
    "fastapi<0.151",
    "numpy>=2",
    "pandas>=3,<4",
    "prefect>=3.8,<4",
    "pyarrow>=21",
    "pydantic>=2.10,<3",
    "pyyaml>=6.0.2,<7",
    "sqlalchemy>=2.1,<2.2",
]
EXTRAS = {
    "polars": ["polars>=1"],
    "adls": ["adlfs>=2026.4"],
    "postgresql": ["psycopg2-binary>=2.9.10"],
}
HATCH = Host(
    "src_hatch_ruff_mypy",
    (*RUFF, "mypy"),
    path="src",
    package="tariff_meter.connectors",
    tests="tests/tariff_meter_connectors",
    uses={"tools": "mypy in pyproject.toml", "docs_folder": "none"},
)
HOSTS = [
    HATCH,
    Host(HATCH.tree, HATCH.checks, "src", HATCH.package, HATCH.tests, newline="\r\n"),
    Host(
        "flat_setuptools_black_flake8",
        (BLACK, FLAKE8, "mypy"),
        path=".",
        package="birdcounts.connectors",
        tests="tests/birdcounts_connectors",
        uses={"tools": f"black in {TOML}, flake8 in .flake8, mypy in {TOML}"},
    ),
    Host(
        "setup_cfg_flake8_isort",
        (FLAKE8, ISORT, "mypy"),
        path=".",
        package="ledger_print.connectors",
        tests="tests/ledger_print_connectors",
        uses={
            "metadata": "setup.cfg",
            "distribution": "ledger_print",
            "tools": "flake8 in setup.cfg, isort in setup.cfg, mypy in setup.cfg",
        },
    ),
    Host(
        "flat_poetry1_black_isort_mypy",
        (BLACK, ISORT, "mypy ."),
        path=".",
        package="parcel_rates.connectors",
        tests="tests/parcel_rates_connectors",
        pending=("tool.poetry.dependencies has PyYAML already",),
        by_hand=(("pyproject.toml", 'PyYAML = "^6.0"', 'pyyaml = ">=6.0.2,<7"'),),
        uses={"metadata": "poetry"},
    ),
    Host(
        "src_poetry2_ruff",
        (*RUFF, "mypy"),
        path="src",
        package="tides.connectors",
        tests="tests/tides_connectors",
        destination="",
        more=(("destination", "local"), ("flow", "postgresql", "local")),
        uses={"metadata": "pyproject.toml", "distribution": "tide-tables"},
    ),
    Host(
        "src_pdm_single_quotes_mkdocs",
        (*RUFF, "mypy", "mkdocs build --strict --quiet"),
        path="src",
        package="ferry_times.connectors",
        tests="tests/ferry_times_connectors",
        source=("orders", "--set", "kind=rest"),
        uses={"docs_folder": "handbook", "navigation": "nav > API"},
    ),
    Host(
        "uv_workspace",
        RUFF,
        folder="packages/notes_core",
        path="src",
        package="notes_core.connectors",
        tests="tests/notes_core_connectors",
        uses={"docs_folder": "none", "distribution": "notes-core"},
    ),
    Host(
        "namespace_package",
        (*RUFF, "mypy"),
        path="lib",
        package="orchard.apples.connectors",
        tests="checks/orchard_apples_connectors",
        source=("duckdb",),
        uses={"source_folder": "lib"},
    ),
    Host(
        "lazy_flit_pyright",
        (BLACK, "basedpyright"),
        path=".",
        package="cellar.connectors",
        tests="tests/cellar_connectors",
        source=("orders", "--set", "kind=custom"),
        destination="duckdb",
        uses={"tools": "black in pyproject.toml, pyright in pyproject.toml"},
    ),
    Host(
        "importlib_tests",
        (BLACK, "mypy"),
        path=".",
        package="sundial.connectors",
        tests="test/sundial_connectors",
        source=("warehouse", "--set", "dialect=generic"),
        destination="duckdb",
    ),
    Host(
        "sphinx_pylint",
        ("pylint src/star_atlas", ISORT, "mypy"),
        path="src",
        package="star_atlas.connectors",
        tests="tests/star_atlas_connectors",
        pending=('it asks for "numpy" already',),
        by_hand=(("pyproject.toml", '"numpy"', '"numpy>=2"'),),
        uses={"docs_folder": "none"},
    ),
    Host(
        "mkdocs_without_nav",
        (FLAKE8, "mypy", "mkdocs build --strict --quiet"),
        path=".",
        package="trailmaps.connectors",
        tests="tests/trailmaps_connectors",
        source=("orders", "--set", "kind=rest"),
        uses={
            "docs_folder": "docs",
            "navigation": "none",
            "tools": "flake8 in tox.ini, mypy in .mypy.ini",
        },
    ),
    Host(
        "several_packages_literate_nav",
        (BLACK, FLAKE8, "mypy"),
        path=".",
        package="quarry.ingest",
        tests="tests/quarry_ingest",
        settings=("package=quarry.ingest",),
        pending=('it asks for "pydantic>=2" already',),
        by_hand=(("pyproject.toml", "pydantic>=2", "pydantic>=2.10,<3"),),
        source=("mssql",),
        destination="s3",
        notes=("literate-nav",),
    ),
    Host(
        "prefect_and_config_of_its_own",
        (BLACK, FLAKE8, "mypy"),
        path="src",
        package="harbour.connectors",
        tests="tests/harbour_connectors",
        source=("oracle",),
        uses={"tools": "black in pyproject.toml, flake8 in tox.ini, mypy in mypy.ini"},
    ),
    Host(
        "setup_py_alone",
        (FLAKE8, ISORT, "mypy"),
        path=".",
        package="oldmill.connectors",
        tests="tests/oldmill_connectors",
        pending=("it is a program, which Sourcewright can't edit safely",),
        by_hand=(
            (
                "setup.py",
                "install_requires=REQUIREMENTS + []",
                f"install_requires=REQUIREMENTS + {NEEDS}",
            ),
            (
                "setup.py",
                "extras_require={}",
                f"extras_require={EXTRAS}",
            ),
        ),
        uses={"metadata": "setup.py"},
    ),
]


@pytest.fixture(scope="session")
def tools(shell: Shell) -> Shell:
    """Return a shell that has what checks the hosts, with the cache of `make lint`."""
    programs = [str(Path(sys.executable).parent), shell.environment["PATH"]]
    return type(shell)(
        {
            **shell.environment,
            "PATH": os.pathsep.join(programs),
            "MYPY_CACHE_DIR": str(REPOSITORY / ".mypy_cache"),
            "RUFF_NO_CACHE": "true",
            "NO_MKDOCS_2_WARNING": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
        }
    )


@pytest.fixture
def host_of(tmp_path: Path, tools: Shell) -> Callable[[Host], Checkout]:
    """Give a test a host under git."""

    def make(host: Host) -> Checkout:
        shutil.copytree(TREES / host.tree, tmp_path / host.name)
        made = Checkout(tmp_path / host.name, tools)
        for path in made.path.rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                path.write_bytes(text.replace(b"\n", host.newline.encode()))
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit("the host")
        return made

    return make


@dataclass(frozen=True)
class Commands:
    """`sourcewright`, in a host's folder, with one template."""

    template: Path
    folder: Path

    def __call__(self, *words: str) -> int:
        """Run a command; return its exit code."""
        made = ["--template", str(self.template)] if words[0] in {"init", "add"} else []
        return cli.run([*words, *made, "--project", str(self.folder)])


def test_twelve_hosts_have_a_linter_or_formatter_and_a_type_checker() -> None:
    programs = {
        host.tree: {check.split()[0] for check in host.checks} for host in HOSTS
    }
    assert {*programs} == {path.name for path in TREES.iterdir()}
    linted = {"black", "flake8", "isort", "pylint", "ruff"}
    typed = {"basedpyright", "mypy"}
    both = [tree for tree, own in programs.items() if own & linted and own & typed]
    assert len(both) >= 12


# One that mypy checks with the settings of `make lint`, whose cache it can use.
SAMPLE = "prefect_and_config_of_its_own"
TRIED = [host for host in HOSTS if WHOLE or host.tree == SAMPLE]


@pytest.mark.parametrize("host", TRIED, ids=lambda host: host.name)
def test_a_host_stays_content_and_gets_every_byte_back(
    host: Host,
    host_of: Callable[[Host], Checkout],
    plain_template: Path,
    capsys: pytest.CaptureFixture[str],
    keep: Keep,
) -> None:
    checkout = host_of(host)
    before = checkout.files()
    folder = checkout.path / host.folder
    run = Commands(plain_template, folder)
    _content(checkout, host, folder)

    settings = [part for each in host.settings for part in ("--set", each)]
    code = run("init", *settings)
    said = capsys.readouterr()
    assert code == (cli.LEFT if host.pending else cli.DONE), said.err
    found = {
        row.split()[1].rstrip(":"): row
        for row in said.out.splitlines()
        if row.startswith("    using  ")
    }
    uses = {"tests_folder": host.tests, "source_folder": host.path, **host.uses}
    for question, answer in uses.items():
        assert f"  {answer}  " in found[question]
    for each in host.pending:
        assert each in said.out
    for each in host.notes:
        assert each in said.err
    into = ("--set", f"destinations=[{host.destination}]")
    for words in (("source", *host.source, *into), *host.more):
        assert run("add", *words) == code
    _paste(folder, host)
    assert run("weave") == cli.DONE
    assert run("check") == cli.DONE, capsys.readouterr().out
    _content(checkout, host, folder)
    # Flows go before what they stand between, and the project last.
    order = ["flow", "source", "destination", "project"]
    ledger = folder / ".sourcewright"
    applications = [each.name for each in ledger.iterdir() if each.is_dir()]
    for name in sorted(applications, key=lambda each: order.index(each.split("-")[0])):
        assert run("remove", name) == cli.DONE
    for path, old, new in host.by_hand:
        checkout.replace(f"{host.folder}/{path}", new, old)
    assert checkout.files() == before
    assert checkout.status() == []
    line_ends = "CRLF" if "\r" in host.newline else "LF"
    keep(
        "hosts", host=host.tree, line_ends=line_ends, by_hand=len(host.by_hand), wrong=0
    )


def _paste(folder: Path, host: Host) -> None:
    """Do by hand what was left."""
    for path, old, new in host.by_hand:
        text = (folder / path).read_text("utf-8")
        assert text.count(old) == 1
        (folder / path).write_text(text.replace(old, new), encoding="utf-8")


def _content(checkout: Checkout, host: Host, folder: Path) -> None:
    """Run what checks the host, at its top, and its tests: of ours, those of its ends.

    All are collected, so that none is in another's way.
    """
    shell = checkout.shell
    for each in host.checks:
        done = shell.run(*each.split(), folder=checkout.path)
        assert done.returncode == 0, f"{each}:\n{done.stdout}"
    shell = type(shell)({**shell.environment, "PYTHONPATH": str(folder / host.path)})
    ends = [end for end in (host.source[0], host.destination) if end]
    ours = Path(host.tests).name
    chosen = f"not {ours} or (({' or '.join(ends)}) and not integration)"
    done = shell.run("pytest", "-rA", "-k", chosen, folder=folder)
    assert done.returncode == 0, done.stdout
    unit = folder / host.tests / "unit"
    modules = {path for end in ends for path in unit.rglob(f"test_*{end}*.py")}
    assert len(modules) >= len(ends) or not unit.exists()
    passed = set(re.findall(r"^PASSED ([^:\n]+)::", done.stdout, re.MULTILINE))
    assert {path.relative_to(folder).as_posix() for path in modules} <= passed
