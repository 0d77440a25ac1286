"""`copier update` with stock Copier: the template, the user and an answer change."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.e2e.conftest import point_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Copier

TABLE = "template/kinds/table.yml"
ORDERS = "src/acme/sources/orders_db.py"
FLOWS = "src/acme/orchestration/prefect/flows"
PROJECT_EDITS = "template/project/.sourcewright/project/edits.yml.jinja"
BASES = "('Base classes', 'sources/base')"
ERRORS = f"{BASES}, ('Errors', 'sources/errors')"
LOCAL_FLOW = [
    f"{FLOWS}/postgresql_to_local.py",
    f"{FLOWS}/postgresql_to_local_in_batches.py",
    "src/acme/orchestration/prefect/tasks/postgresql_batches_to_local.py",
    "tests/integration/orchestration/prefect/flows/test_postgresql_to_local.py",
    "tests/unit/orchestration/prefect/flows/test_postgresql_to_local.py",
    "tests/unit/orchestration/prefect/tasks/test_postgresql_batches_to_local.py",
]


def of_others(application: str, changed: list[str]) -> list[str]:
    """Return the changed files of the ledger that are another application's own."""
    return [
        line
        for line in changed
        if ".sourcewright/" in line
        and f"/{application}/" not in line
        and not line.endswith("/woven.yml")
    ]


def assert_clean_merge(project: Checkout) -> None:
    """Assert that no conflict is left in any form."""
    assert not [path for path in project.files() if path.endswith((".rej", ".orig"))]
    for path, content in project.files().items():
        assert b"<<<<<<<" not in content, path
        assert b">>>>>>>" not in content, path


@pytest.fixture
def next_template(
    copy_of: Callable[[Checkout], Checkout], template: Checkout
) -> Checkout:
    """A copy of the template that knows one more dialect, not yet committed."""
    made = copy_of(template)
    before, head, rows = made.read(TABLE).partition("\n    postgresql:\n")
    row, tail, rest = rows.partition("    duckdb:\n")
    row = row.replace("read by COPY", "read by COPY, 6432")
    greenplum = row.replace("PostgreSQL", "Greenplum") + "      base: PostgreSQL\n"
    made.write(TABLE, f"{before}{head}{row}    greenplum:\n{greenplum}{tail}{rest}")
    return made


@pytest.mark.parametrize("tagged", [True, False], ids=["tags", "no tags"])
def test_update_merges_template_user_and_answer_in_one_file(
    copier: Copier,
    acme_and_orders: Checkout,
    next_template: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    *,
    tagged: bool,
) -> None:
    project = copy_of(acme_and_orders)
    if tagged:
        next_template.git("tag", "v0.1.0")
        next_template.release("v0.2.0")
        next_template.replace(TABLE, "A Greenplum database, read by COPY, 6432", "7432")
    next_template.commit("after the tag")
    point_at(project, next_template, "v0.1.0" if tagged else None)
    project.replace(ORDERS, "    requires =", "    ours = 'kept'\n    requires =")
    project.commit("the user's line")
    before = project.files()

    copier.update(
        project.path,
        "source-orders_db",
        *([] if tagged else ["--vcs-ref", "HEAD"]),
        dialect="greenplum",
    )

    merged = project.read(ORDERS)
    assert '"""Read from Greenplum."""' in merged
    assert "read by COPY, 6432" in merged
    assert "    ours = 'kept'\n" in merged
    assert_clean_merge(project)
    changed = [line[3:] for line in project.status()]
    assert not of_others("source-orders_db", changed)
    assert all("orders_db" in path for path in changed), changed
    answers = project.read(".sourcewright/source-orders_db/answers.yml")
    commit = next_template.git("rev-parse", "--short=7", "HEAD").strip()
    assert yaml.safe_load(answers)["_commit"] == ("v0.2.0" if tagged else commit)
    after = project.files()
    assert set(after) == set(before)
    woven = ".sourcewright/source-orders_db/woven.yml"
    # The entries are the same; the files have other hashes.
    assert after[woven].split(b"files:")[0] == before[woven].split(b"files:")[0]
    assert after[woven] != before[woven]


def test_update_to_the_same_template_changes_nothing(
    copier: Copier, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    said = copier.update(project.path, "source-postgresql")
    assert "identical" in said
    assert project.status() == []


def test_recopy_gives_the_template_s_file_again_and_keeps_what_is_woven(
    copier: Copier, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    project.replace("src/acme/sources/postgresql.py", "read by COPY", "read fast")
    project.commit("the user's line")
    copier.recopy(project.path, "source-postgresql", "--overwrite")
    assert project.status() == [" M src/acme/sources/postgresql.py"]
    assert project.files() == acme.files()


def test_update_takes_a_dropped_destination_out(
    copier: Copier, acme_and_orders: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme_and_orders)
    copier.update(project.path, "source-postgresql", destinations="[adls]")

    deleted = [line[3:] for line in project.status() if line.startswith(" D")]
    assert deleted == LOCAL_FLOW
    assert_without_the_local_flow(project)
    assert not of_others("source-postgresql", project.status())


def test_a_repeated_copy_takes_the_entries_out_and_leaves_the_files(
    copier: Copier,
    template: Checkout,
    acme_and_orders: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    """Copier deletes nothing on a copy: the flow's files are the user's to delete."""
    project = copy_of(acme_and_orders)
    copier.copy(
        template,
        project.path,
        "--overwrite",
        component="source",
        name="postgresql",
        destinations="[adls]",
    )
    assert not [line for line in project.status() if line.startswith(" D")]
    assert all((project.path / path).is_file() for path in LOCAL_FLOW)
    assert_without_the_local_flow(project)


def assert_without_the_local_flow(project: Checkout) -> None:
    """Assert that PostgreSQL's flow to the folder is entered nowhere, others are."""
    for path in (
        f"{FLOWS}/__init__.py",
        "prefect.yaml",
        "docs/references/orchestration/prefect/flows.md",
    ):
        text = project.read(path).replace("-", "_")
        assert "postgresql_to_local" not in text, path
        assert "postgresql_to_adls" in text, path
        assert "orders_db_to_local" in text, path
    assert "postgresql_to_local" not in project.read(
        ".sourcewright/source-postgresql/woven.yml"
    )


def test_dropping_a_destination_deletes_the_user_s_flow_too_and_git_has_it(
    copier: Copier, acme_and_orders: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    """Copier's way: it refuses a dirty checkout, so the last commit holds the edit."""
    project = copy_of(acme_and_orders)
    flow = LOCAL_FLOW[0]
    project.replace(flow, "retry_delay_seconds=60", "retry_delay_seconds=90")
    dirty = copier.run(
        *("update", "--trust", "-a", ".sourcewright/source-postgresql/answers.yml"),
        folder=project.path,
        destinations="[adls]",
    )
    assert dirty.returncode != 0
    assert "=90" in project.read(flow)

    project.commit("the user's retries")
    copier.update(project.path, "source-postgresql", destinations="[adls]")
    assert not (project.path / flow).exists()
    assert "retry_delay_seconds=90" in project.git("show", f"HEAD:{flow}")


@pytest.fixture
def next_project(
    copy_of: Callable[[Checkout], Checkout], template: Checkout
) -> Checkout:
    """A template whose project leans on other packages and has one page more."""
    made = copy_of(template)
    made.git("tag", "v0.1.0")
    made.replace(PROJECT_EDITS, "pandas>=3,<4", "pandas>=3.1,<4")
    made.replace(PROJECT_EDITS, "fastapi<0.151", "httpx>=0.28")
    made.replace(
        PROJECT_EDITS,
        "name: Destination}\n",
        "name: Destination}\n  - edit: export\n"
        "    file: {{ code }}/sources/__init__.py\n"
        "    module: .base\n    name: Connector\n",
    )
    made.replace(PROJECT_EDITS, BASES, ERRORS)
    made.write(
        "template/project/{{ docs_folder }}/references/sources/errors.md", "# Errors\n"
    )
    # The skeleton of a shared file is the project's own after the first copy.
    made.replace("template/project/mkdocs.yml.jinja", "font: false", "font: true")
    made.release("v0.2.0")
    return made


def test_update_of_the_project_keeps_the_user_s_lines_and_the_sources(
    copier: Copier,
    acme_and_orders: Checkout,
    next_project: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme_and_orders)
    point_at(project, next_project, "v0.1.0")
    project.replace(
        "pyproject.toml",
        '    "pandas>=3,<4",',
        '    "ours>=1",\n    "pandas>=3,<4",',
    )
    project.write("pyproject.toml", project.read("pyproject.toml") + "\n[tool.ours]\n")
    project.replace(
        "mkdocs.yml", "  - References:", "  - Ours: ours.md\n  - References:"
    )
    exports = "src/acme/sources/__init__.py"
    project.write(exports, project.read(exports) + "\nOURS = 1  # ours\n")
    project.commit("the user's lines")
    before = {path: project.read(path) for path in ("mkdocs.yml", exports)}

    copier.update(project.path, "project")

    assert_clean_merge(project)
    settings = tomllib.loads(project.read("pyproject.toml"))
    assert settings["project"]["dependencies"] == [
        "httpx>=0.28",
        "numpy>=2",
        "ours>=1",
        "pandas>=3.1,<4",
        "prefect>=3.8,<4",
        "pyarrow>=21",
        "pydantic>=2.10,<3",
        "pyyaml>=6.0.2,<7",
        "sqlalchemy>=2.1,<2.2",
    ]
    extras = settings["project"]["optional-dependencies"]
    assert sorted(extras) == ["adls", "orders-db", "polars", "postgresql"]
    assert settings["tool"]["ours"] == {}
    base = "          - Base classes: references/sources/base.md\n"
    errors = "          - Errors: references/sources/errors.md\n"
    assert project.read("mkdocs.yml") == before["mkdocs.yml"].replace(
        base, base + errors
    )
    assert project.read(exports) == before[exports].replace(
        "import Destination, Source", "import Connector, Destination, Source"
    ).replace('    "Destination",\n', '    "Connector",\n    "Destination",\n')
    assert "pending:" not in project.read(".sourcewright/project/woven.yml")
    assert not of_others("project", project.status())
    assert (project.path / "docs/references/sources/errors.md").is_file()
