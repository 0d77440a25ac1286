"""A checkout of viadot: what is added there keeps its gates green, and leaves no trace.

`make test` takes a small host in viadot's shape, `make matrix` viadot's own source
distribution too: it needs a Python that viadot installs on.
"""

import ast
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from xml.etree import ElementTree as ET

import griffe
import pytest
import yaml
from sourcewright import cli, completing
from sourcewright.changes import Report
from sourcewright.commands import add, remove
from sourcewright.errors import AnswerRefused, InTheWay, SourcewrightError
from sourcewright.rendering import render
from sourcewright.rendering.answers import Answers
from sourcewright.services import npm

from tests import golden, mariadb
from tests.e2e import viadot_checkout, viadot_like
from tests.e2e.conftest import Checkout, Shell
from tests.results import Keep
from tests.sweeps import WHOLE, only_whole, sampled

HERE = Path(__file__).parent
TABLE = golden.REPOSITORY / "template" / "viadot" / "table.yml"
VIADOT = yaml.safe_load(TABLE.read_text("utf-8"))["viadot"]["default"]
RUFF = str(Path(sys.executable).with_name("ruff"))
HOST = ["package=viadot", "source_folder=src", "tests_folder=tests"]
HOST += ["docs_folder=docs", "runtime=viadot"]
# One of each kind: the module that the extra's source imports comes with Prefect.
APPLICATIONS: dict[str, tuple[str, dict[str, object]]] = {
    "source-orders_api": (
        "source",
        {
            "name": "orders_api",
            "kind": "rest",
            "authentication": "bearer",
            "pagination": "next_url",
            "columns": {"id": "integer", "name": "string", "paid": "boolean"},
        },
    ),
    "source-shop": (
        "source",
        {
            "name": "shop",
            "kind": "sql",
            "dialect": "mariadb",
            "destinations": ["adls", "minio"],
        },
    ),
    "source-parcel": (
        "source",
        {
            "name": "parcel",
            "kind": "custom",
            "requirement": "httpx>=0.27",
            "imports": "httpx",
        },
    ),
    "flow-postgresql-adls": ("flow", {"source": "postgresql", "destination": "adls"}),
}
PACKAGES = [
    "viadot.sources",
    "viadot.orchestration.prefect.tasks",
    "viadot.orchestration.prefect.flows",
]
MISSING = """
import importlib, json, sys
told = {}
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    lacking = [each for each in package.__all__ if not hasattr(package, each)]
    told[name] = [sorted(package.__all__), sorted(lacking)]
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Host:
    """A checkout as it is before, and what its own tests and linters run in."""

    name: str
    pristine: Path
    python: str
    tools: Path | None
    variables: dict[str, str]

    def run(
        self, *command: str | Path, folder: Path, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a copy of it."""
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **self.variables, "PYTHONPATH": "src", **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def outcomes(self, folder: Path, *tests: str) -> dict[str, str]:
        """Run tests of a copy of it; return how each ended."""
        told = folder.parent / f"{folder.name}.xml"
        quiet = ["-q", "-p", "no:cacheprovider", f"--junitxml={told}"]
        done = self.run(self.python, "-m", "pytest", *quiet, *tests, folder=folder)
        assert told.exists(), done.stdout[-3000:] + done.stderr[-3000:]
        return {
            f"{case.get('classname')}::{case.get('name')}": (
                case[0].tag if len(case) else "passed"
            )
            for case in ET.parse(told).iter("testcase")  # noqa: S314  # pytest's own
        }


@dataclass(frozen=True)
class Changed:
    """A copy of a host to which every application was added."""

    host: Host
    path: Path
    reports: dict[str, Report]

    @property
    def files(self) -> list[str]:
        """What is there anew, or with another content."""
        before, after = golden.files(self.host.pristine), golden.files(self.path)
        return [path for path in after if after[path] != before.get(path)]


def _add(folder: Path, component: str, **values: object) -> Report:
    answers = Answers(component, tuple(values.items()))
    return add.generate(folder, answers, render.template())[1]


def _small(folder: Path) -> Host:
    home = folder / "home"
    home.mkdir()
    pristine = viadot_like.write(folder / "small")
    return Host("small", pristine, sys.executable, None, _variables(home))


def _own(folder: Path) -> Host:
    viadot_checkout.python()
    checkout = viadot_checkout.unpacked()
    place = viadot_checkout.environment(checkout)
    home = folder / "home"
    home.mkdir()
    variables = _variables(home)
    libraries = viadot_checkout.libraries()
    if libraries:
        variables["LD_LIBRARY_PATH"] = str(libraries)
    tools = place / "tools" / "bin"
    python = str(place / "own" / "bin" / "python")
    return Host("viadot", checkout, python, tools, variables)


def _variables(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PREFECT_HOME": str(home / ".prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "RUFF_NO_CACHE": "true",
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return _small(tmp_path_factory.mktemp("small"))


HOSTS = {"small": _small} | ({"viadot": _own} if WHOLE else {})


@pytest.fixture(scope="module", params=HOSTS.values(), ids=[*HOSTS])
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Host:
    made: Host = request.param(tmp_path_factory.mktemp("host"))
    return made


@pytest.fixture(scope="module")
def changed(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    path = tmp_path_factory.mktemp("changed") / "checkout"
    shutil.copytree(host.pristine, path)
    reports = {
        name: _add(path, component, **values)
        for name, (component, values) in APPLICATIONS.items()
    }
    return Changed(host, path, reports)


@pytest.fixture
def copy(small: Host, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small.pristine, tmp_path / "checkout"))


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_a_python_for_viadot_ci_fails_and_others_skip(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(viadot_checkout, "VERSIONS", ("3.99",))
    with pytest.raises(outcome, match=r"Python 3\.99, and none is here: install"):
        viadot_checkout.python.__wrapped__()


def test_nothing_is_in_the_way_and_nothing_is_left_to_do_by_hand(
    changed: Changed,
) -> None:
    for report in changed.reports.values():
        assert not report.pending
        assert not report.missing
        assert not [path for verb, path in report.done if verb == "conflict"]


def test_no_runtime_goes_in(changed: Changed) -> None:
    made = set(changed.files) - golden.files(changed.host.pristine).keys()
    assert {path for path in made if path.startswith("src/")} == {
        "src/viadot/sources/orders_api.py",
        "src/viadot/sources/parcel.py",
        "src/viadot/sources/shop.py",
        "src/viadot/orchestration/prefect/tasks/orders_api.py",
        "src/viadot/orchestration/prefect/tasks/parcel.py",
        "src/viadot/orchestration/prefect/tasks/shop.py",
        "src/viadot/orchestration/prefect/flows/orders_api_to_adls.py",
        "src/viadot/orchestration/prefect/flows/parcel_to_adls.py",
        "src/viadot/orchestration/prefect/flows/postgresql_to_adls.py",
        "src/viadot/orchestration/prefect/flows/shop_to_adls.py",
        "src/viadot/orchestration/prefect/flows/shop_to_minio.py",
    }
    assert not {path for path in made if "sourcewright" in path.partition("/")[2]}


def test_its_own_tests_end_as_before_and_the_new_ones_pass(changed: Changed) -> None:
    before = changed.host.outcomes(_copy_beside(changed), "tests/unit")
    after = changed.host.outcomes(changed.path, "tests/unit")
    passed = {name for name, how in before.items() if how == "passed"}
    assert passed
    # A test that asks the network may end otherwise; one that passed may not.
    assert {name: after.get(name) for name in passed} == dict.fromkeys(passed, "passed")
    new = {name: how for name, how in after.items() if name not in before}
    assert len(new) > len(APPLICATIONS)
    assert set(new.values()) == {"passed"}, new


def _copy_beside(changed: Changed) -> Path:
    place = changed.path.parent / "before"
    if not place.exists():
        shutil.copytree(changed.host.pristine, place)
    return place


def _found(host: Host, program: str, folder: Path, *paths: str) -> set[str]:
    """Return what a ruff finds, without lines' numbers, and what it would reformat."""
    told = host.run(
        program, "check", "--output-format", "concise", *paths, folder=folder
    )
    laid = host.run(program, "format", "--check", *paths, folder=folder)
    assert {told.returncode, laid.returncode} <= {0, 1}, told.stderr + laid.stderr
    rows = [*told.stdout.splitlines(), *laid.stdout.splitlines()]
    return {
        re.sub(r":\d+:\d+:", ":", row)
        for row in rows
        if re.match(r"\S+\.py:|Would reformat", row)
    }


def test_the_linter_at_its_own_version_finds_nothing_new(changed: Changed) -> None:
    host = changed.host
    program = str(host.tools / "ruff") if host.tools else RUFF
    before = _found(host, program, host.pristine, ".")
    assert _found(host, program, changed.path, ".") <= before


def test_the_newest_linter_finds_nothing_new_in_the_changed_files(
    changed: Changed,
) -> None:
    paths = [path for path in changed.files if path.endswith(".py")]
    old = [path for path in paths if (changed.host.pristine / path).exists()]
    before = _found(changed.host, RUFF, changed.host.pristine, *old)
    assert _found(changed.host, RUFF, changed.path, *paths) <= before


def test_prettier_finds_nothing_new(changed: Changed) -> None:
    try:
        folder = npm.install(HERE / "prettier")
    except SourcewrightError as err:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(err))
    program = folder / "node_modules" / "prettier" / "bin" / "prettier.cjs"
    command = [
        str(npm.node()),
        str(program),
        "--list-different",
        "--ignore-unknown",
        ".",
    ]
    before, after = (
        changed.host.run(*command, folder=place)
        for place in (changed.host.pristine, changed.path)
    )
    assert after.returncode in {0, 1}, after.stderr
    assert set(after.stdout.splitlines()) <= set(before.stdout.splitlines())


def test_detect_secrets_finds_nothing_new(changed: Changed) -> None:
    host = changed.host
    if host.tools is None:
        pytest.skip("its baseline is viadot's, which `make matrix` takes")
    program, baseline = host.tools / "detect-secrets-hook", ".secrets.baseline"
    place = Path(shutil.copytree(changed.path, changed.path.parent / "secrets"))
    host.run("git", "init", "--quiet", folder=place)
    host.run("git", "add", "--all", folder=place)
    done = host.run(program, "--baseline", baseline, *changed.files, folder=place)
    assert "Location" not in done.stdout, done.stdout
    # The scan is no formality: a secret in one of these files is found.
    path = place / "src/viadot/sources/shop.py"
    path.write_text(f'{path.read_text("utf-8")}\npassword = "hunter2hunter2"\n')
    done = host.run(program, "--baseline", baseline, *changed.files, folder=place)
    assert "shop.py" in done.stdout


def test_star_imports_miss_nothing_new(changed: Changed) -> None:
    host = changed.host
    told = []
    for folder in (host.pristine, changed.path):
        command = [host.python, "-c", MISSING, *PACKAGES]
        done = host.run(*command, folder=folder)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout.splitlines()[-1]))
    before, after = told
    assert {each: after[each][1] for each in PACKAGES} == {
        each: before[each][1] for each in PACKAGES
    }
    new = [sorted({*after[each][0]} - {*before[each][0]}) for each in PACKAGES]
    assert new == [
        ["OrdersApi", "Parcel", "Shop"],
        ["orders_api_to_df", "parcel_to_df", "shop_to_df"],
        [
            "orders_api_to_adls",
            "parcel_to_adls",
            "postgresql_to_adls",
            "shop_to_adls",
            "shop_to_minio",
        ],
    ]


def test_every_new_entry_of_the_docs_resolves(changed: Changed) -> None:
    source = str(changed.path / "src")
    package = griffe.load("viadot", search_paths=[source], resolve_aliases=True)
    before = _references(changed.host.pristine)
    new = _references(changed.path) - before
    assert len(new) == 3 + 3 + 5  # classes, tasks and flows
    for identifier in new:
        found = package[identifier.removeprefix("viadot.")]
        assert found.docstring, identifier
    with pytest.raises(KeyError):
        _ = package["sources.shop.NoSuchClass"]


def test_its_docs_build_and_show_every_new_entry(
    changed: Changed, tmp_path: Path
) -> None:
    host = changed.host
    if host.tools is None:
        pytest.skip("the docs that are built are viadot's: `make matrix`")
    place = Path(shutil.copytree(changed.path, tmp_path / "docs"))
    settings = (place / "mkdocs.yml").read_text("utf-8")
    for online in (
        "  font:\n    text: Open Sans\n    code: Fira Code\n",
        "  - social\n",
    ):
        assert settings.count(online) == 1  # both fetch fonts, which no test waits for
        settings = settings.replace(online, "")
    settings = settings.replace("theme:\n", "theme:\n  font: false\n")
    (place / "mkdocs.yml").write_text(settings, "utf-8")
    done = host.run(host.tools / "zensical", "build", "--clean", folder=place)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = {
        identifier
        for page in (place / "site" / "references").rglob("*.html")
        for identifier in re.findall(r'id="(viadot\.[\w.]+)"', page.read_text("utf-8"))
    }
    new = _references(changed.path) - _references(host.pristine)
    assert new
    assert new <= shown


def _references(folder: Path) -> set[str]:
    return {
        line.removeprefix("::: ").strip()
        for page in (folder / "docs" / "references").rglob("*.md")
        for line in page.read_text("utf-8").splitlines()
        if line.startswith("::: ")
    }


def test_the_config_example_has_an_entry_for_each_source(changed: Changed) -> None:
    before = (changed.host.pristine / "config.yaml.example").read_text("utf-8")
    after = (changed.path / "config.yaml.example").read_text("utf-8")
    assert after.startswith(before)
    # viadot's own part is no valid YAML; ours, below the same key, is.
    entries = yaml.safe_load("sources:\n" + after.removeprefix(before))["sources"]
    classes = {entry["class"] for each in entries for entry in each.values()}
    assert classes == {"OrdersApi", "Parcel", "Shop"}


def test_the_lock_file_is_told_to_be_made_again(changed: Changed) -> None:
    (note,) = [
        each for each in changed.reports["source-parcel"].notes if "lock" in each
    ]
    assert "uv lock" in note
    others = [each for name, each in changed.reports.items() if name != "source-parcel"]
    assert not any("lock" in note for each in others for note in each.notes)


def test_taking_all_out_gives_every_byte_back_in_every_order(
    changed: Changed, tmp_path: Path, keep: Keep
) -> None:
    orders = list(permutations(APPLICATIONS))
    tried = sampled(orders, 2)
    for number, order in enumerate(tried):
        place = tmp_path / str(number)
        shutil.copytree(changed.path, place)
        for name in order:
            remove.remove(place, name)
        assert golden.files(place) == golden.files(changed.host.pristine), order
        assert _folders(place) == _folders(changed.host.pristine), order
        shutil.rmtree(place)
    keep("viadot", host=changed.host.name, tried="orders", count=len(tried), wrong=0)


def _folders(root: Path) -> set[str]:
    return {str(each.relative_to(root)) for each in root.rglob("*") if each.is_dir()}


def test_stock_copier_gives_the_same_bytes(changed: Changed, tmp_path: Path) -> None:
    if changed.host.tools and not WHOLE:
        pytest.skip("the small host shows it; `make matrix` takes both")
    ours, theirs = tmp_path / "ours", tmp_path / "checkout"
    shutil.copytree(changed.path, ours)
    shutil.copytree(changed.host.pristine, theirs)
    given = [
        [f"component={component}", *_as_answers(values), *HOST]
        for component, values in APPLICATIONS.values()
    ]
    golden.render_by_copier(theirs, given)
    for place in (ours, theirs):
        golden.pin_template(place)
    assert golden.files(ours) == golden.files(theirs)


def _as_answers(values: dict[str, object]) -> Iterator[str]:
    for key, value in values.items():
        yield f"{key}={value if isinstance(value, str) else json.dumps(value)}"


def test_a_task_takes_what_each_flow_in_the_table_gives_it(host: Host) -> None:
    if host.tools is None:
        pytest.skip("the table is of viadot's own tasks")
    source = str(host.pristine / "src")
    tasks = griffe.load(
        "viadot.orchestration.prefect.tasks",
        search_paths=[source],
        resolve_aliases=True,
    )
    for end, rows in VIADOT["ends"].items():
        for name, row in rows.items():
            task = tasks[row["task"]]
            taken = {each.name: each for each in task.parameters}
            given = {each.get("task", each["name"]) for each in row["arguments"]}
            given |= {"config_key", row["secret"], *row.get("constants", {})}
            given |= {"df"} if end == "destination" else set()
            assert given <= taken.keys(), name
            needed = {each for each, one in taken.items() if one.default is None}
            assert needed <= given, name
            for each in row["arguments"]:
                told = taken[each.get("task", each["name"])]
                assert each.get("default") in {
                    None,
                    str(told.default).replace("'", '"'),
                }


def test_every_pair_in_the_table_is_a_flow_that_keeps_the_gates(
    host: Host, tmp_path: Path, keep: Keep
) -> None:
    if host.tools is None:
        pytest.skip("the table is of viadot's own tasks")
    if not WHOLE:
        pytest.skip("`make matrix` takes it, for it takes half a minute")
    place = Path(shutil.copytree(host.pristine, tmp_path / "checkout"))
    flows = place / "src/viadot/orchestration/prefect/flows"
    pairs = [
        (source, destination)
        for source in VIADOT["ends"]["source"]
        for destination in VIADOT["ends"]["destination"]
        if not (flows / f"{source}_to_{destination}.py").exists()
    ]
    assert len(pairs) >= 30  # most pairs are new
    made = [
        _add(place, "flow", source=source, destination=destination)
        for source, destination in pairs
    ]
    program = str(host.tools / "ruff")
    assert _found(host, program, place, ".") == set()
    new = filecmp.dircmp(host.pristine / "tests/unit", place / "tests/unit")
    tests = new.subdirs["orchestration"].subdirs["prefect"].right_only
    folder = "tests/unit/orchestration/prefect"
    ended = host.outcomes(place, *(f"{folder}/{each}" for each in tests))
    assert len(ended) == 4 * len(made)
    assert not [name for name, how in ended.items() if how != "passed"]
    keep("viadot", host=host.name, tried="pairs of ends", count=len(made), wrong=0)


REST = [
    {"authentication": authentication, "pagination": pagination}
    for authentication, pagination in zip(
        [*VIADOT["authentications"], "none"],
        ["none", "page_number", "offset_limit", "cursor", "link_header", "next_url"],
        strict=True,
    )
]
OTHERS = [
    *({"kind": "sql", "dialect": dialect} for dialect in VIADOT["drivers"]),
    {"kind": "custom"},
    {"kind": "custom", "requirement": "no-such-package>=1"},
]


@only_whole
def test_every_kind_of_source_keeps_the_gates_with_the_longest_name(
    small: Host, copy: Path
) -> None:
    kinds = [{"kind": "rest", "records": "", **each} for each in REST[:1]]
    kinds += [{"kind": "rest", "records": "data.items", **each} for each in REST[1:]]
    columns = {"id": "integer", "a name": "string", "n": "number", "day": "date"}
    for number, values in enumerate([*kinds, *OTHERS]):
        more = {"columns": columns} if values["kind"] == "rest" else {}
        name = f"{'long_' * 7}s{number:02}xx"
        _add(copy, "source", name=name, destinations=["minio"], **values, **more)
    assert _found(small, RUFF, copy, ".") == set()
    ended = small.outcomes(copy, "tests/unit")
    assert not [name for name, how in ended.items() if how not in {"passed", "skipped"}]
    skipped = [name for name, how in ended.items() if how == "skipped"]
    assert len(skipped) == 1, skipped  # of the package that is not there


def test_a_source_reads_from_a_real_server_through_its_driver(
    changed: Changed, tmp_path: Path
) -> None:
    host = changed.host
    libraries = host.variables.get("LD_LIBRARY_PATH")
    found = sorted(Path(libraries or "/usr/lib").rglob("libmaodbc.so"))
    if host.tools is None or not found or mariadb.missing():
        pytest.skip(mariadb.missing() or "viadot and MariaDB's ODBC driver are needed")
    secret = "a}b;PWD={c"  # noqa: S105  # of a server that is gone a minute later
    program = """
import json, sys
from viadot.sources import Shop
*_, df = [Shop(**json.loads(sys.argv[1])).to_df("SELECT 1 AS n, 'a\\u2603' AS t")]
print(json.dumps(df[["n", "t"]].to_dict("records")))
"""
    with mariadb.MariaDB() as server:
        server.sql(f"CREATE USER odd@'127.0.0.1' IDENTIFIED BY '{secret}'")
        server.sql("GRANT SELECT ON *.* TO odd@'127.0.0.1'")
        theirs = server.credentials
        credentials = {
            "server": theirs["host"],
            "port": theirs["port"],
            "db_name": theirs["database"],
            "user": "odd",
        }
        plugins = next(iter(Path(found[0].parents[1]).rglob("libmariadb3/plugin")), "")
        for password, good in ((secret, True), (f"{secret}!", False)):
            given = {**credentials, "password": password}
            done = host.run(
                *(host.python, "-c", program),
                json.dumps({"credentials": given, "driver": str(found[0])}),
                folder=changed.path,
                MARIADB_PLUGIN_DIR=str(plugins),
            )
            assert (done.returncode == 0) is good, done.stderr
            assert password not in done.stdout + done.stderr
            if good:
                rows = json.loads(done.stdout.splitlines()[-1])
                assert rows == [{"n": 1, "t": "a☃"}]
    assert not list(tmp_path.iterdir())


REFUSED = [
    ("source", {"name": "postgresql"}, "the class PostgreSQL", "flow postgresql adls"),
    ("source", {"name": "duckdb"}, "the class DuckDB", "flow duckdb adls"),
    ("source", {"name": "hub"}, "the class Hub", "another name"),
    ("source", {"name": "adls"}, "the module adls", "another name"),
    ("destination", {"name": "s3"}, "destinations are its own", "adls, databricks"),
    ("project", {}, "it needs no project", "add source"),
    (
        "flow",
        {"source": "postgresql", "destination": "minio"},
        "the flow postgresql_to_minio",
        "it is already there",
    ),
]


@pytest.mark.parametrize(("component", "values", "what", "step"), REFUSED)
def test_what_viadot_has_is_refused_by_name_and_file(
    copy: Path, component: str, values: dict[str, object], what: str, step: str
) -> None:
    before = golden.files(copy)
    with pytest.raises(InTheWay) as caught:
        _add(copy, component, **values)
    assert what in caught.value.what
    assert step in caught.value.next_step
    assert (copy / caught.value.where).exists()
    assert golden.files(copy) == before


@pytest.mark.parametrize(
    ("component", "values", "what"),
    [
        (
            "flow",
            {"source": "nobody", "destination": "adls"},
            "choose one of azure_sql",
        ),
        ("flow", {"source": "postgresql", "destination": "ftp"}, "choose one of adls"),
        ("source", {"name": "x_api", "destinations": ["ftp"]}, "choose one of adls"),
        (
            "source",
            {"name": "x_api", "destinations": [{"lake": "s3"}]},
            "choose one of",
        ),
        ("source", {"name": "sharepoint"}, "viadot has"),
        ("source", {"name": "x_api", "kind": "sql", "dialect": "sqlite"}, "sqlite"),
        (
            "source",
            {"name": "x_api", "kind": "rest", "authentication": "api_key_query"},
            "api_key_query",
        ),
        (
            "source",
            {"name": "x_api", "kind": "custom", "requirement": "two; things"},
            "one requirement",
        ),
    ],
)
def test_what_no_flow_and_no_source_can_be_made_of_is_refused(
    copy: Path, component: str, values: dict[str, object], what: str
) -> None:
    before = golden.files(copy)
    with pytest.raises(AnswerRefused, match=what):
        _add(copy, component, **values)
    assert golden.files(copy) == before


def test_a_flow_that_the_tasks_of_this_version_do_not_take_is_refused(
    copy: Path,
) -> None:
    task = copy / "src/viadot/orchestration/prefect/tasks/adls.py"
    text = task.read_text("utf-8").replace("    overwrite: bool = False,\n", "")
    task.write_text(text, encoding="utf-8")
    with pytest.raises(InTheWay, match="df_to_adls takes no overwrite") as caught:
        _add(copy, "flow", source="postgresql", destination="adls")
    assert caught.value.where.endswith("tasks/adls.py")


@pytest.mark.parametrize("name", ["stripe", "stripe_like"])
def test_a_module_that_would_hide_a_package_gets_an_underscore(
    copy: Path, name: str
) -> None:
    """What the table knows, and what the checkout itself requires."""
    _add(copy, "source", name=name, kind="custom", destinations=[])
    assert (copy / f"src/viadot/sources/_{name}.py").exists()
    assert not (copy / f"src/viadot/sources/{name}.py").exists()
    text = (copy / "src/viadot/sources/__init__.py").read_text("utf-8")
    assert f"from ._{name} import " in text


def test_a_flow_can_be_added_to_a_source_of_ours(small: Host, copy: Path) -> None:
    _add(copy, "source", name="orders", kind="rest", destinations=[])
    _add(copy, "flow", source="orders", destination="minio")
    ended = small.outcomes(copy, "tests/unit")
    assert set(ended.values()) == {"passed"}
    assert _found(small, RUFF, copy, ".") == set()


def test_no_name_becomes_a_class_that_its_modules_import_or_define(
    changed: Changed, copy: Path
) -> None:
    if changed.host.tools:
        pytest.skip("the small host has the same modules")
    own = {"OrdersApi", "Parcel", "Shop"}
    used: set[str] = set()
    for path in changed.files:
        if path.startswith(("src/viadot/sources/", "tests/unit/test_")):
            used |= _classes((changed.path / path).read_text("utf-8"))
    used = {each for each in used if not each.startswith(tuple(own))}
    assert {"BaseModel", "Handler", "Source"} <= used
    for each in used:
        name = re.sub("(?<=[a-z])(?=[A-Z])", "_", each).lower()
        # A name in words of one capital each: `APIError` and `SQL` are none.
        if "".join(word.capitalize() for word in name.split("_")) == each:
            with pytest.raises((AnswerRefused, InTheWay)):
                _add(copy, "source", name=name, kind="rest")


def _classes(text: str) -> set[str]:
    """Return the names in words with capitals that a module imports or defines."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.ClassDef):
            found.add(node.name)
    return {each for each in found if re.match("[A-Z][a-z]", each)}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("pyproject.toml", 'name = "viadot2"', 'name = "another"'),
        ("src/viadot/sources/base.py", "class SQL", "class Database"),
        ("pyproject.toml", "[project]", "[project"),
    ],
)
def test_what_is_no_checkout_of_viadot_is_not_taken_for_one(
    copy: Path, path: str, old: str, new: str
) -> None:
    place = copy / path
    place.write_text(place.read_text("utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(AnswerRefused, match="package"):
        _add(copy, "flow", source="postgresql", destination="adls")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('azure = ["adlfs>=2026.4"]', "azure = 3"),
        ("[project.optional-dependencies]\nazure", "optional-dependencies"),
    ],
)
def test_requirements_that_are_no_list_say_nothing(
    copy: Path, old: str, new: str
) -> None:
    metadata = copy / "pyproject.toml"
    text = metadata.read_text("utf-8")
    assert text.count(old) == 1
    metadata.write_text(text.replace(old, new), "utf-8")
    report = _add(copy, "source", name="orders", kind="rest", destinations=[])
    assert not [path for verb, path in report.done if verb == "conflict"]


def test_an_answer_that_is_given_stands(copy: Path) -> None:
    with pytest.raises(SourcewrightError) as caught:
        _add(copy, "source", name="orders", kind="rest", runtime="vendored")
    assert "package" in caught.value.what


def test_the_shell_completes_what_is_in_viadot(copy: Path) -> None:
    _add(copy, "source", name="orders", kind="rest", destinations=[])
    assert set(completing.ends(copy, "source")) == {"orders", *VIADOT["ends"]["source"]}
    ends = completing.ends(copy, "destination")
    assert ends == list(VIADOT["ends"]["destination"])
    assert "db2" in completing.names("source", copy)
    assert "sqlite" not in completing.names("source", copy)
    assert "authentication=api_key_query" not in completing.settings("source", copy)


def test_a_dry_run_shows_the_diff_and_writes_nothing(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(copy)
    before = golden.files(copy)
    assert cli.run(["add", "flow", "postgresql", "adls", "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "+def postgresql_to_adls(" in told["diff"]
    assert golden.files(copy) == before


def test_an_update_brings_what_is_new_and_keeps_what_is_theirs(
    copy: Path,
    template: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = copy_of(template)
    newer.release("v1.0.0")
    monkeypatch.chdir(copy)
    for key, value in shell.environment.items():
        if key != "PATH":
            monkeypatch.setenv(key, value)
    add = ["add", "source", "orders", "--set", "kind=rest", "--set", "destinations=[]"]
    assert cli.run([*add, "--template", str(newer.path)]) == 0
    project = Checkout(copy, shell)
    project.git("init", "--quiet")
    task = "src/viadot/orchestration/prefect/tasks/orders.py"
    project.write(task, project.read(task) + "\n\n# theirs\n")
    project.commit("orders")
    newer.replace("template/viadot/task.py.jinja", "retries=3", "retries=5")
    newer.release("v2.0.0")
    assert cli.run(["update", "--trust"]) == 0
    text = project.read(task)
    assert "retries=5" in text
    assert text.endswith("# theirs\n")
    assert [row.split()[-1] for row in project.status()] == [
        ".sourcewright/source-orders/answers.yml",
        ".sourcewright/source-orders/woven.yml",
        task,
    ]


@pytest.fixture(autouse=True)
def _no_trace_in_the_pristine_tree(small: Host) -> Iterator[None]:
    before = golden.files(small.pristine)
    yield
    assert golden.files(small.pristine) == before
