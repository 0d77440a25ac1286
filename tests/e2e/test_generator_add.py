"""`sourcewright new` and `add`: one result with Copier's, or nothing at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests import json_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Copier, Shell, Sourcewright

NEW = ("new", ".", "--set", "project_name=Acme Pipelines", "--set", "package=acme")


@pytest.fixture
def acme_and_template(
    acme: Checkout, template: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> tuple[Checkout, Checkout]:
    return copy_of(acme), template


COMPONENTS = [
    (("add", "destination", "adls"), {"component": "destination", "name": "adls"}),
    (("add", "destination", "local"), {"component": "destination", "name": "local"}),
    (
        ("add", "destination", "archive", "--set", "kind=local"),
        {"component": "destination", "name": "archive", "kind": "local"},
    ),
    (
        ("add", "source", "postgresql", "--set", "destinations=[adls]"),
        {"component": "source", "name": "postgresql", "destinations": "[adls]"},
    ),
    (
        ("add", "source", "orders_db", "--set", "destinations=[local, archive]"),
        {
            "component": "source",
            "name": "orders_db",
            "destinations": "[local, {archive: local}]",
        },
    ),
    (
        ("add", "flow", "orders_db", "adls"),
        {"component": "flow", "source": "orders_db", "destination": "adls"},
    ),
]


def test_every_component_gives_the_bytes_that_copier_gives(
    sourcewright: Sourcewright,
    copier: Copier,
    bare: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    empty: Callable[[str], Checkout],
) -> None:
    template = sourcewright.template
    theirs = copy_of(bare)
    ours = empty("ours")
    sourcewright.said(*NEW, folder=ours.path)
    assert ours.files() == theirs.files()
    for command, answers in COMPONENTS:
        copier.copy(template, theirs.path, "--vcs-ref", "HEAD", **answers)
        sourcewright.said(*command, folder=ours.path)
        assert ours.files() == theirs.files(), command
    assert (ours.path / ".sourcewright/flow-orders_db-adls/answers.yml").exists()


def test_a_second_time_everything_is_identical(
    sourcewright: Sourcewright,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme)
    for command in (NEW, COMPONENTS[0][0], COMPONENTS[3][0]):
        said = sourcewright.said(*command, folder=project.path)
        assert {line.split()[0] for line in said.splitlines()} == {"identical"}
    assert project.status() == []


def test_a_source_brings_the_destinations_that_are_missing(
    sourcewright: Sourcewright, bare: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    together = copy_of(bare)
    source = ("add", "source", "postgresql", "--set", "destinations=[adls, local]")
    said = sourcewright.said(*source, folder=together.path)
    assert "create  src/acme/sources/local_folder.py" in said
    alone = together.files()
    together.git("reset", "--quiet", "--hard")
    together.git("clean", "--quiet", "-fd")
    for name in ("adls", "local"):
        sourcewright.said("add", "destination", name, folder=together.path)
    sourcewright.said(*source, folder=together.path)
    assert together.files() == alone


def test_a_destination_that_is_missing_is_of_the_kind_that_is_said(
    sourcewright: Sourcewright, bare: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(bare)
    kinds = "destinations=[adls, {warehouse: postgresql}]"
    said = sourcewright.said(
        *("add", "source", "postgresql", "--set", kinds), folder=project.path
    )
    assert "create  src/acme/sources/warehouse.py" in said
    assert "(postgresql.PostgreSQLTables)" in project.read(
        "src/acme/sources/warehouse.py"
    )
    flows = "src/acme/orchestration/prefect/flows"
    assert "mode: WriteMode" in project.read(f"{flows}/postgresql_to_warehouse.py")


def test_a_destination_that_is_there_has_the_kind_that_the_ledger_says(
    sourcewright: Sourcewright, bare: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(bare)
    destination = ("add", "destination", "warehouse", "--set", "kind=postgresql")
    sourcewright.said(*destination, folder=project.path)
    for name, destinations in (("postgresql", "[warehouse]"), ("orders_db", "[]")):
        sourcewright.said(
            *("add", "source", name, "--set", f"destinations={destinations}"),
            folder=project.path,
        )
    sourcewright.said("add", "flow", "orders_db", "warehouse", folder=project.path)
    flows = "src/acme/orchestration/prefect/flows"
    for source in ("postgresql", "orders_db"):
        flow = project.read(f"{flows}/{source}_to_warehouse.py")
        assert "warehouse_table: str" in flow
        assert "mode: WriteMode" in flow
    answers = project.read(".sourcewright/source-postgresql/answers.yml")
    assert "warehouse: postgresql" in answers
    other = ("add", "source", "shop", "--set", "destinations=[{warehouse: adls}]")
    done = sourcewright.run(*other, folder=project.path)
    assert done.returncode == 1
    assert "is of the kind postgresql, not adls" in done.stdout


def test_the_dry_run_is_the_patch_of_what_is_written(
    sourcewright: Sourcewright, bare: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(bare)
    source = ("add", "source", "postgresql")
    told = json_output.read(
        sourcewright.said(*source, "--dry-run", "--json", folder=project.path)
    )
    assert project.status() == []
    assert (told["schema"], told["command"]) == (1, "add source")
    assert told["written"] is False
    subprocess.run(
        ["git", "apply", "-"],
        cwd=project.path,
        input=told["diff"].encode(),
        check=True,
    )
    patched = project.files()
    project.git("checkout", "--quiet", ".")
    project.git("clean", "--quiet", "-fd")
    told = json_output.read(sourcewright.said(*source, "--json", folder=project.path))
    assert project.files() == patched
    verbs = {change["path"]: change["verb"] for change in told["changes"]}
    assert verbs["src/acme/sources/postgresql.py"] == "create"
    assert verbs["pyproject.toml"] == "edit"
    changed = {line[3:] for line in project.status()}
    assert changed == {path for path, verb in verbs.items() if verb != "identical"}


REFUSED = {
    "an unknown key": (
        ("add", "source", "a_db", "--set", "dialekt=postgresql"),
        'did you mean "dialect"?',
    ),
    "a reserved word": (("add", "source", "class"), "is a word of the Python language"),
    "the standard library": (("add", "source", "json"), "Python's standard library"),
    "a name of Windows": (("add", "source", "com1"), "can't be a file name on Windows"),
    "a path": (("add", "source", "../x"), "Use snake_case"),
    "an absolute path": (("add", "destination", "/etc/x"), "Use snake_case"),
    "a path in a list": (
        ("add", "source", "a_db", "--set", "destinations=[../x]"),
        "Use snake_case",
    ),
    "a package that leads out": (
        ("add", "source", "a_db", "--set", "package=../../x"),
        "as it is imported",
    ),
    "Jinja": (("add", "source", "{{ 1 }}"), "Use snake_case"),
    "Jinja that runs": (
        ("add", "source", "{% include '/etc/passwd' %}"),
        "Use snake_case",
    ),
    "300 characters": (("add", "source", "x" * 300), "may have 40 at most"),
    "an emoji": (("add", "source", "\N{SNAKE}"), "Use snake_case"),
    "a newline": (("add", "source", "a\nb"), "Use snake_case"),
    "an empty name": (("add", "source", ""), "not answered: name"),
    "no name, and no terminal": (("add", "source"), "not answered: name"),
    "no names, and no terminal": (
        ("add", "flow"),
        "not answered: source, destination",
    ),
    "another component": (
        ("add", "source", "a_db", "--set", "component=flow"),
        "at once",
    ),
    "a kind that isn't there": (
        ("add", "source", "a_db", "--set", "kind=magic"),
        "kind: 'magic' is not in",
    ),
    "a destination without a kind": (
        ("add", "source", "a_db", "--set", "destinations=[lake]"),
        "--set 'destinations=[{lake: …}]'",
    ),
    "a flow that another owns": (
        ("add", "flow", "postgresql", "adls"),
        "belongs to source-postgresql already",
    ),
    "a flow from nowhere": (
        ("add", "flow", "nowhere", "adls"),
        "sourcewright add source nowhere",
    ),
    "a flow to nowhere": (
        ("add", "flow", "postgresql", "local"),
        "sourcewright add destination local",
    ),
    "a module that is there": (
        ("add", "source", "azure_data_lake"),
        "belongs to destination-adls already",
    ),
    "a project in a project": (
        ("new", ".", "--set", "package=other"),
        "there is a project already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_and_nothing_is_written(
    case: str,
    acme_and_template: tuple[Checkout, Checkout],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, expected = REFUSED[case]
    project, template = acme_and_template
    around = set(project.path.parent.iterdir())
    monkeypatch.chdir(project.path)
    # In this process: Copier is imported once for all cases.
    options = ("--template", str(template.path), "--vcs-ref", "HEAD")
    code = cli.run([*command, *options])
    told = capsys.readouterr().err
    assert code == 1, told
    assert expected in told
    assert "Nothing was written." in told
    assert "Traceback" not in told
    assert project.status() == []
    assert set(project.path.parent.iterdir()) == around


CLASH = "from .mine import OrdersDb\n"


def test_a_class_that_is_exported_from_elsewhere_is_refused_by_name(
    sourcewright: Sourcewright, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    init = "src/acme/sources/__init__.py"
    project.write(init, project.read(init) + CLASH)
    project.write("src/acme/sources/mine.py", "class OrdersDb: ...\n")
    project.commit()
    done = sourcewright.run("add", "source", "orders_db", folder=project.path)
    assert done.returncode == 1
    assert f'"OrdersDb" is a name that {init} has already' in done.stdout
    assert project.status() == []


@pytest.mark.parametrize(
    "path",
    [
        "src/acme/sources/orders_db/__init__.py",
        "src/acme/sources/Orders_DB.py",
        "docs/references/sources/orders_db.MD",
    ],
)
def test_a_module_or_a_file_that_would_be_hidden_is_refused(
    path: str,
    sourcewright: Sourcewright,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(acme)
    project.write(path, "")
    project.commit()
    done = sourcewright.run("add", "source", "orders_db", folder=project.path)
    assert done.returncode == 1
    assert "would hide" in done.stdout
    assert project.status() == []


def test_a_file_in_the_way_is_a_conflict_and_nothing_is_written(
    sourcewright: Sourcewright, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    taken = "src/acme/sources/orders_db.py"
    project.write(taken, "mine = True\n")
    project.commit()
    done = sourcewright.run("add", "source", "orders_db", folder=project.path)
    assert done.returncode == 1
    assert f"conflict  {taken}\n" in done.stdout
    assert "Nothing was written." in done.stdout
    assert project.status() == []


def test_a_file_that_the_user_edited_is_a_conflict_and_an_unedited_one_is_not(
    sourcewright: Sourcewright, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    edited = "src/acme/sources/postgresql.py"
    project.write(edited, project.read(edited) + "# mine\n")
    project.commit()
    command = ("add", "source", "postgresql", "--set", "destinations=[]")
    done = sourcewright.run(*command, folder=project.path)
    assert done.returncode == 1
    assert f"conflict  {edited}\n" in done.stdout
    assert project.status() == []
    project.git("revert", "--no-edit", "HEAD")
    said = sourcewright.said(*command, "--force", folder=project.path)
    flow = "src/acme/orchestration/prefect/flows/postgresql_to_adls.py"
    assert f"remove  {flow}\n" in said
    assert not (project.path / flow).exists()
    assert "postgresql_to_adls" not in project.read("prefect.yaml")


def test_nothing_is_written_through_a_link_that_leads_out(
    sourcewright: Sourcewright,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    tmp_path: Path,
) -> None:
    project = copy_of(acme)
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.path / "tests/unit").rename(outside / "unit")
    (project.path / "tests/unit").symlink_to(outside / "unit")
    project.commit()
    before = sorted(outside.rglob("*"))
    done = sourcewright.run("add", "source", "orders_db", folder=project.path)
    assert done.returncode == 1
    assert "leads through a symbolic link" in done.stdout
    assert sorted(outside.rglob("*")) == before
    assert project.status() == []


def test_what_can_not_be_entered_exits_with_4_and_is_named(
    sourcewright: Sourcewright, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    (project.path / "mkdocs.yml").unlink()
    project.commit()
    done = sourcewright.run("add", "source", "orders_db", folder=project.path)
    assert done.returncode == 4
    assert "pending  mkdocs.yml: there is no such file" in done.stdout
    assert "OrdersDb: references/sources/orders_db.md" in done.stdout


def test_a_text_for_a_number_is_refused_by_its_question(
    sourcewright: Sourcewright, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    options = ("--set", "kind=rest", "--set", "requests_per_second=abc")
    done = sourcewright.run("add", "source", "orders", *options, folder=project.path)
    assert done.returncode == 1
    assert "requests_per_second: it isn't a number" in done.stdout
    assert "--set requests_per_second=10" in done.stdout
    assert project.status() == []


def test_a_file_of_answers_serves_as_well(
    sourcewright: Sourcewright,
    bare: Checkout,
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(bare)
    ledger = acme.path / ".sourcewright"
    for name in ("destination-adls", "source-postgresql"):
        command = ("add", name.partition("-")[0], "--answers")
        sourcewright.said(*command, ledger / name / "answers.yml", folder=project.path)
    assert project.files() == acme.files()


@pytest.mark.parametrize("package", ["click", "_pytest", "pip"])
def test_a_package_that_would_hide_an_installed_one_is_refused(
    package: str,
    template: Checkout,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--template", str(template.path), "--set", f"package={package}"]
    assert cli.run(["new", str(tmp_path / "made"), *options]) == 1
    told = capsys.readouterr().err
    assert "is installed here already" in told or "Use snake_case" in told
    assert not (tmp_path / "made").exists()


def test_a_template_that_is_not_there_is_said_and_nothing_is_written(
    shell: Shell, acme: Checkout, copy_of: Callable[[Checkout], Checkout]
) -> None:
    project = copy_of(acme)
    program = Path(sys.executable).with_name("sourcewright")
    for template in ("/nowhere", str(project.path)):
        command = ("add", "source", "a_db", "--template", template)
        done = shell.run(program, *command, folder=project.path)
        assert done.returncode == 1, done.stdout
        assert "the template can't be used" in done.stdout
    assert project.status() == []
