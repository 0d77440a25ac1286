"""`copier copy` with stock Copier: into an empty folder, and into what is there."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import golden

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Copier

SOURCE = {"component": "source", "name": "postgresql", "destinations": "[adls]"}
SHARED = [
    ".env.example",
    "config.yaml.example",
    "docs/references/orchestration/prefect/flows.md",
    "docs/references/orchestration/prefect/tasks.md",
    "mkdocs.yml",
    "prefect.yaml",
    "pyproject.toml",
    "src/acme/orchestration/prefect/flows/__init__.py",
    "src/acme/orchestration/prefect/tasks/__init__.py",
    "src/acme/sources/__init__.py",
]
FLOWS = "src/acme/orchestration/prefect/flows"
TASKS = "src/acme/orchestration/prefect/tasks"
HOST_FILES = {
    "README.md": "# Shop\n",
    "mkdocs.yml": "site_name: Shop\ntheme: !!python/name:shop.theme\n",
    "pyproject.toml": (
        '[project]\nname = "shop"\nversion = "1.0"\n'
        'dependencies = ["requests>=2"]  # ours\n\n[tool.ruff]\nline-length = 100\n'
    ),
    "src/shop/__init__.py": '"""A shop."""\n',
    "src/shop/sources/__init__.py": '"""What we read."""\r\n',
}


def edits(
    project: Checkout, application: str, *, pending: bool
) -> list[dict[str, Any]]:
    """Return the edits that stand, or that are pending, by the weave's record."""
    text = project.read(f".sourcewright/{application}/woven.yml")
    return [e for e in yaml.safe_load(text)["edits"] if ("pending" in e) == pending]


def weave(project: Checkout) -> subprocess.CompletedProcess[str]:
    """Run `sourcewright weave`, from our environment."""
    command = [sys.executable, "-m", "sourcewright", "weave"]
    return subprocess.run(
        command, cwd=project.path, capture_output=True, text=True, check=False
    )


@pytest.fixture
def host(empty: Callable[[str], Checkout]) -> Checkout:
    """A package that knows nothing of the template."""
    made = empty("shop")
    for path, text in HOST_FILES.items():
        made.write(path, text)
    made.commit("the host")
    return made


def test_three_copies_give_the_golden(
    copy_of: Callable[[Checkout], Checkout], acme: Checkout
) -> None:
    project = copy_of(acme)
    golden.pin_template(project.path)
    assert project.files() == golden.files(golden.GOLDEN)


def test_a_copy_leaves_the_weave_s_traces_only_in_the_ledger(acme: Checkout) -> None:
    assert not [
        path for path in acme.files() if path.endswith((".rej", ".orig", ".pyc"))
    ]
    for application in ("project", "destination-adls", "source-postgresql"):
        assert not edits(acme, application, pending=True)


def test_the_same_copy_again_says_identical_and_changes_nothing(
    copier: Copier,
    template: Checkout,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme)
    said = copier.copy(template, project.path, **SOURCE)
    verbs = {line.split()[0] for line in said.splitlines() if ".py" in line}
    assert verbs == {"identical", ">"}, said  # ">" runs the task
    assert project.status() == []


def test_a_second_source_goes_in_beside_the_first(acme_and_orders: Checkout) -> None:
    project = acme_and_orders
    changed = project.git("diff", "--name-status", "HEAD~1", "HEAD").splitlines()
    edited = [line.split("\t")[1] for line in changed if line.startswith("M")]
    ledger = [path for path in edited if path.startswith(".sourcewright/")]
    assert all(path.endswith("/woven.yml") for path in ledger)
    assert [path for path in edited if path not in ledger] == SHARED
    assert not [line for line in changed if line[0] not in "AM"]

    exports = project.read("src/acme/sources/__init__.py")
    assert "from .orders_db import OrdersDb\n" in exports
    assert "from .postgresql import PostgreSQL\n" in exports
    extras = tomllib.loads(project.read("pyproject.toml"))["project"][
        "optional-dependencies"
    ]
    assert extras["orders-db"] == extras["postgresql"]
    sources = yaml.safe_load(project.read("mkdocs.yml").split("\ntheme:")[0])["nav"][1]
    assert sources["References"][0]["Sources"] == [
        {"AzureDataLake": "references/sources/adls.md"},
        {"Base classes": "references/sources/base.md"},
        {"LocalFolder": "references/sources/local.md"},
        {"OrdersDb": "references/sources/orders_db.md"},
        {"PostgreSQL": "references/sources/postgresql.md"},
    ]


def test_into_a_host_the_connector_lands_and_the_rest_is_named(
    copier: Copier, template: Checkout, host: Checkout
) -> None:
    before = host.files()
    said = copier.copy(template, host.path, package="shop", **SOURCE)

    assert "class PostgreSQL(postgresql.PostgreSQL)" in host.read(
        "src/shop/sources/postgresql.py"
    )
    after = host.files()
    changed = [path for path in before if after[path] != before[path]]
    assert changed == ["pyproject.toml", "src/shop/sources/__init__.py"]
    metadata = HOST_FILES["pyproject.toml"].replace(
        '"requests>=2"', '"requests>=2", "sqlalchemy>=2.1,<2.2"'
    )
    assert host.read("pyproject.toml") == metadata.replace(
        "\n\n[tool.ruff]",
        "\n\n[project.optional-dependencies]\n"
        'postgresql = ["psycopg2-binary>=2.9.10"]\n\n[tool.ruff]',
    )
    assert host.read("src/shop/sources/__init__.py") == (
        '"""What we read."""\r\n\r\n'
        "from ..runtime.sql.source import SQL  # noqa: F401\r\n"
        "from .postgresql import PostgreSQL  # noqa: F401\r\n"
    )

    standing = edits(host, "source-postgresql", pending=False)
    assert sorted({each["file"] for each in standing}) == changed
    left = edits(host, "source-postgresql", pending=True)
    pending = {each["file"]: each["reason"] for each in left}
    shared = [path.replace("acme", "shop") for path in SHARED]
    assert sorted(pending) == [path for path in shared if path not in changed]
    for path, reason in pending.items():
        assert f"pending  {path}: {reason}" in said
    assert "from .postgresql_to_adls import postgresql_to_adls" in said
    assert "PostgreSQL: references/sources/postgresql.md" in said


def test_what_is_pending_is_woven_once_its_place_is_there(
    copier: Copier, template: Checkout, host: Checkout
) -> None:
    copier.copy(template, host.path, package="shop", **SOURCE)
    place = "docs/references/orchestration/prefect/tasks.md"
    host.write(place, "# Tasks\r\n")

    done = weave(host)

    assert f"edit  {place}" in done.stdout
    assert done.returncode == 4  # the others are pending still
    tasks = "shop.orchestration.prefect.tasks"
    assert host.read(place) == (
        f"# Tasks\r\n\r\n::: {tasks}.postgresql_batches_to_adls\r\n"
        f"\r\n::: {tasks}.postgresql_to_df\r\n"
    )


def test_without_a_ledger_the_package_must_be_named(
    copier: Copier, template: Checkout, host: Checkout
) -> None:
    done = copier.run("copy", "--trust", template.path, ".", folder=host.path, **SOURCE)
    assert done.returncode != 0
    assert "Validation error for question 'package': A name is needed" in done.stdout
    assert host.status() == []


def test_without_trust_nothing_is_written(
    copier: Copier, template: Checkout, bare: Checkout
) -> None:
    done = copier.run("copy", template.path, ".", folder=bare.path, **SOURCE)
    assert done.returncode != 0
    assert "--trust" in done.stdout
    assert bare.status() == []


def test_without_tasks_the_files_come_and_weave_completes_them(
    copier: Copier,
    template: Checkout,
    bare: Checkout,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(bare)
    for answers in ({"component": "destination", "name": "adls"}, SOURCE):
        copier.run("copy", "-T", template.path, ".", folder=project.path, **answers)

    ledger = project.path / ".sourcewright" / "source-postgresql"
    assert sorted(each.name for each in ledger.iterdir()) == [
        "answers.yml",
        "edits.yml",
    ]
    assert all(line.startswith("??") for line in project.status())

    # Copier leaves an edits.yml alone: it would be that of other answers.
    other = {**SOURCE, "destinations": "[]"}
    options = ("copy", "-T", "--overwrite", template.path, ".")
    copier.run(*options, folder=project.path, **other)
    done = weave(project)
    assert done.returncode == 1
    assert "edits.yml was made with other answers" in done.stderr
    (ledger / "edits.yml").unlink()
    copier.run(*options, folder=project.path, **SOURCE)

    done = weave(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.files() == acme.files()
    assert weave(project).stdout == "identical\n"


def test_a_flow_alone_joins_a_source_and_a_destination(
    copier: Copier,
    template: Checkout,
    acme_and_orders: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme_and_orders)
    copier.copy(
        template,
        project.path,
        component="flow",
        source="orders_db",
        destination="adls",
    )
    made = [line[3:] for line in project.status() if line.startswith("??")]
    assert made == [
        ".sourcewright/flow-orders_db-adls/answers.yml",
        ".sourcewright/flow-orders_db-adls/woven.yml",
        f"{FLOWS}/orders_db_to_adls.py",
        f"{FLOWS}/orders_db_to_adls_in_batches.py",
        f"{TASKS}/orders_db_batches_to_adls.py",
        "tests/integration/orchestration/prefect/flows/test_orders_db_to_adls.py",
        "tests/unit/orchestration/prefect/flows/test_orders_db_to_adls.py",
        "tests/unit/orchestration/prefect/tasks/test_orders_db_batches_to_adls.py",
    ]
    assert not edits(project, "flow-orders_db-adls", pending=True)
    assert ".orders_db_to_adls import" in project.read(f"{FLOWS}/__init__.py")
    assert "- name: orders-db-to-adls\n" in project.read("prefect.yaml")


def test_a_flow_that_a_source_owns_is_the_same_flow(
    copier: Copier,
    template: Checkout,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme)
    copier.copy(
        template,
        project.path,
        component="flow",
        source="postgresql",
        destination="adls",
    )
    assert {line[:2] for line in project.status()} == {"??"}
    assert all("/flow-postgresql-adls/" in line for line in project.status())


def test_a_flow_that_the_user_edited_is_not_overwritten_unasked(
    copier: Copier,
    template: Checkout,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme)
    project.replace(f"{FLOWS}/postgresql_to_adls.py", "=60,", "=90,")
    project.commit("the user's retries")
    done = copier.run(
        *("copy", "--trust", template.path, "."),
        folder=project.path,
        component="flow",
        source="postgresql",
        destination="adls",
    )
    assert done.returncode != 0
    assert f"conflict  {FLOWS}/postgresql_to_adls.py" in done.stdout
    assert "--overwrite" in done.stdout
    assert not [line for line in project.status() if not line.startswith("??")]
