"""`sourcewright remove`: what was added goes, byte for byte, and nothing else."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests import json_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout

FLOW = "src/acme/orchestration/prefect/flows/postgresql_to_adls.py"
SOURCE = "src/acme/sources/postgresql.py"


@pytest.fixture
def project(
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    """A project that stock Copier made, under the working directory."""
    made = copy_of(acme)
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def orders(
    acme_and_orders: Checkout,
    template: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    """A project with two of each, and a flow apart."""
    made = copy_of(acme_and_orders)
    monkeypatch.chdir(made.path)
    options = ["--template", str(template.path), "--vcs-ref", "HEAD"]
    assert cli.run(["add", "flow", "orders_db", "adls", *options]) == 0
    return made


def folders(checkout: Checkout) -> set[str]:
    """Return every folder of a checkout, empty ones too."""
    return {
        path.relative_to(checkout.path).as_posix()
        for path in checkout.path.rglob("*")
        if path.is_dir() and ".git" not in path.parts
    }


def test_what_copier_added_is_removed_byte_for_byte(
    project: Checkout, bare: Checkout
) -> None:
    assert cli.run(["remove", "postgresql"]) == 0
    assert cli.run(["remove", "destination-adls"]) == 0
    assert project.files() == bare.files()
    assert folders(project) == folders(bare)


def test_what_stands_in_a_file_that_can_not_be_read_is_kept_in_mind(
    project: Checkout, bare: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = project.path / "src/acme/sources/__init__.py"
    text, before = shared.read_bytes(), project.files()
    shared.write_bytes(text + b"# caf\xe9\n")
    hidden = project.files()
    assert cli.run(["remove", "postgresql"]) == 1
    assert "not UTF-8" in capsys.readouterr().err
    assert project.files() == hidden
    for _ in "twice":
        assert cli.run(["weave"]) == 4
        assert "it is not UTF-8" in capsys.readouterr().out
    shared.write_bytes(text)
    assert cli.run(["weave"]) == 0
    assert project.files() == before
    assert cli.run(["remove", "postgresql"]) == 0
    assert cli.run(["remove", "adls"]) == 0
    assert project.files() == bare.files()


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_the_bytes_come_back(
    seed: int, orders: Checkout, bare: Checkout
) -> None:
    ledger = orders.path / ".sourcewright"
    left = sorted(each.parent.name for each in ledger.glob("*-*/answers.yml"))
    assert len(left) > 2
    random.Random(seed).shuffle(left)  # noqa: S311
    # One that others need is refused, and its turn comes in the next round.
    order = [
        name
        for name in left * len(left)
        if (ledger / name).exists() and cli.run(["remove", name]) == 0
    ]
    assert sorted(order) == sorted(left)
    assert orders.files() == bare.files(), order


def test_the_dry_run_tells_and_writes_nothing(
    project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["remove", "postgresql", "--dry-run", "--json"]) == 0
    told = json_output.read(capsys.readouterr().out)
    assert project.status() == []
    verbs = {each["path"]: each["verb"] for each in told["changes"]}
    assert verbs[SOURCE] == "remove"
    assert verbs["pyproject.toml"] == "edit"
    assert cli.run(["remove", "postgresql"]) == 0
    changed = {line[3:] for line in project.status()}
    assert changed == set(verbs)


def test_a_file_that_was_edited_is_kept_and_named_but_for_force(
    project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = project.read(FLOW) + "# mine\n"
    project.write(FLOW, edited)
    project.commit()
    assert cli.run(["remove", "postgresql"]) == 0
    assert f"keep  {FLOW}\n" in capsys.readouterr().out
    assert project.read(FLOW) == edited
    assert not (project.path / SOURCE).exists()
    project.git("reset", "--quiet", "--hard")
    assert cli.run(["remove", "postgresql", "--force"]) == 0
    assert f"remove  {FLOW}\n" in capsys.readouterr().out
    assert not (project.path / FLOW).exists()


def test_a_checkout_with_other_newlines_is_not_an_edit(project: Checkout) -> None:
    text = project.read(SOURCE)
    (project.path / SOURCE).write_bytes(text.replace("\n", "\r\n").encode())
    assert cli.run(["remove", "postgresql"]) == 0
    assert not (project.path / SOURCE).exists()


def test_an_entry_that_was_edited_stops_it_and_nothing_changes(
    project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    project.replace("pyproject.toml", "psycopg2-binary>=2.9.10", "psycopg2-binary>=3")
    project.commit()
    assert cli.run(["remove", "postgresql"]) == 1
    told = capsys.readouterr().err
    assert "an entry of source-postgresql was edited after it was inserted" in told
    assert "where: pyproject.toml" in told
    assert project.status() == []


def test_edits_of_the_user_elsewhere_stay(project: Checkout, bare: Checkout) -> None:
    line = "# mine: between ours\n"
    text = project.read("prefect.yaml")
    project.write("prefect.yaml", line + text)
    project.write("src/acme/sources/mine.py", "mine = 1\n")
    assert cli.run(["remove", "postgresql"]) == 0
    assert cli.run(["remove", "adls"]) == 0
    expected = bare.files()
    expected["prefect.yaml"] = line.encode() + expected["prefect.yaml"]
    expected["src/acme/sources/mine.py"] = b"mine = 1\n"
    assert project.files() == expected


def test_what_others_need_is_not_removed(
    project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["remove", "adls"]) == 1
    told = capsys.readouterr().err
    assert "destination-adls is needed by source-postgresql" in told
    assert project.status() == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nothing", 'no "nothing" is here'),
        ("../x", 'no "../x" is here'),
        ("project", "the project itself can't be removed"),
    ],
)
def test_what_is_not_there_is_said(
    name: str, what: str, project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["remove", name]) == 1
    assert what in capsys.readouterr().err
    assert project.status() == []


def test_a_file_that_two_own_stays_with_the_other(project: Checkout) -> None:
    flow = project.path / ".sourcewright/flow-postgresql-adls"
    flow.mkdir()
    # As Copier leaves it, which asks nobody whether the flow has an owner.
    source = project.path / ".sourcewright/source-postgresql"
    text = (source / "woven.yml").read_text()
    rows = text.split("files:\n")[1].splitlines(keepends=True)
    owned = "".join(row for row in rows if "postgresql_to_adls" in row)
    (flow / "edits.yml").write_text(f"version: 1\nedits: []\nfiles:\n{owned}")
    assert cli.run(["remove", "flow-postgresql-adls"]) == 0
    assert (project.path / FLOW).exists()
