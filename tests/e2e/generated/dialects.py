"""What the tests of every dialect share: a project from it to a folder.

`Project` runs the generated code in processes of its own. `DialectContract` holds what
is asked of every dialect; its test file gives the dialect's own data.

`make test` takes a sample of the cases, drawn with a fixed seed; with
SOURCEWRIGHT_WHOLE_CORPUS=1 all are tried, and the counts are kept in
tests/matrix/types.md.
"""

import json
import os
import random
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

import polars as pl
import pytest
from sourcewright.services import PrefectServer

from tests.e2e.generated.gates import TOOLS, report_of_tests, said_by
from tests.e2e.generated.parts import HERE, environment, generate, run, write_config
from tests.e2e.generated.telling import assert_telling
from tests.golden import golden_of
from tests.results import Keep

WHOLE = bool(os.environ.get("SOURCEWRIGHT_WHOLE_CORPUS"))
SAMPLE = 12
SKIPPED = " skipped"
WIDE = "SELECT * FROM wide ORDER BY id"
WIDE_ROWS = 5000

Output: TypeAlias = Any  # what JSON holds


@dataclass(frozen=True)
class Case:
    """A column of one type, and what the database itself says of a value in it."""

    type_name: str
    value: str  # as SQL has it
    arrow: str
    said: str = "{}"  # an expression for the value's text, of the database's own
    empty: str = ""  # the type of the column without rows, where it is another


@dataclass(frozen=True)
class Refused:
    """A value that the run stops at, and a cast with which it arrives."""

    type_name: str
    value: str
    cast: str
    told: str = ""  # what the message proposes, where it is another cast


@dataclass(frozen=True)
class Bad:
    """What can't be read, and how the error says so."""

    credentials: Mapping[str, Any]
    error: str
    shown: str  # in the message
    query: str = "SELECT gone FROM wide"
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the source's module


@dataclass(frozen=True)
class Project:
    """A project that reads from one dialect and writes into a folder."""

    path: Path
    dialect: str
    class_name: str

    def without(self, package: str) -> str:
        """Make the source where a package is missing; give the error's text."""
        env = environment(self.path)
        path = f"{HERE / 'missing'}:{env['PYTHONPATH']}"
        code = (
            "import acme.orchestration.prefect.flows, acme.sources as sources\n"
            f"sources.{self.class_name}(config_key='any')"
        )
        done = run(
            [sys.executable, "-c", code],
            env={**env, "PYTHONPATH": path, "HIDDEN": package},
            cwd=self.path,
        )
        assert "MissingExtraError" in done.stdout
        return done.stdout

    def read(
        self, credentials: Mapping[str, Any], queries: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what the generated source gives for each query."""
        readings = {
            name: {"credentials": dict(credentials), "query": query}
            for name, query in queries.items()
        }
        return self.read_each(readings)

    def read_each(self, readings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return what the generated source gives for each query, with its credentials.

        A reading may have `settings`: values for constants of the source's module.
        """
        order = {"class": self.class_name, "readings": dict(readings)}
        return dict(self._drive(order, environment(self.path)))

    def load(
        self,
        credentials: Mapping[str, Any],
        root: Path,
        query: str,
        prefect: Mapping[str, str],
    ) -> int:
        """Load a query into `file.parquet` by the flow in batches; give its rows."""
        order = {
            "flow": f"{self.dialect}_to_local_in_batches",
            "arguments": {
                "local_path": "file.parquet",
                "sql_query": query,
                f"{self.dialect}_config_key": "it",
                "local_config_key": "folder",
            },
        }
        config = write_config(
            self.path / "flow.yaml", {"it": credentials, "folder": {"root": str(root)}}
        )
        env = environment(self.path, config=config, **prefect)
        return int(self._drive(order, env))

    def _drive(self, order: dict[str, Any], env: dict[str, str]) -> Output:
        done = run(
            [sys.executable, HERE / "dialect_driver.py"],
            env=env,
            cwd=self.path,
            stdin=json.dumps(order),
        )
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout.splitlines()[-1])


def make(folder: Path, names: Mapping[str, str]) -> dict[str, Project]:
    """Render a project from each of some dialects to a folder; give it by dialect."""
    first, *others = (golden_of("source", name) for name in names)
    generate(folder, [*first.applications, *(each.answers for each in others)])
    return {
        name: Project(folder, name, class_name) for name, class_name in names.items()
    }


class Database(Protocol):
    """A real database with the tables of `DialectContract.script`, and `wide`."""

    @property
    def credentials(self) -> Mapping[str, Any]:
        """What the generated source takes."""

    def said(self, queries: Sequence[str]) -> list[str]:
        """Return the one text that each query gives, by another way than ours."""


class RenderedContract:
    """What is asked of a dialect's project, with or without a server."""

    names: ClassVar[Mapping[str, str]]  # dialects of one connector, and their classes
    driver: ClassVar[str] = ""  # the module of an extra, if there is one

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", list(self.names), scope="class")

    @pytest.fixture(scope="class")
    @classmethod
    def projects(
        cls, tmp_path_factory: pytest.TempPathFactory
    ) -> Mapping[str, Project]:
        return make(tmp_path_factory.mktemp("dialects") / "project", cls.names)

    @pytest.fixture(scope="class")
    @classmethod
    def first(cls, projects: Mapping[str, Project]) -> Project:
        """Return the project as that of its first dialect."""
        return next(iter(projects.values()))

    @pytest.fixture(scope="class")
    @classmethod
    def project(cls, projects: Mapping[str, Project], name: str) -> Project:
        return projects[name]

    @pytest.mark.parametrize("tool", TOOLS)
    def test_a_tool_has_nothing_to_say(self, tool: str, first: Project) -> None:
        assert said_by(tool, first.path) == ""

    def test_without_its_driver_the_extra_is_named(self, project: Project) -> None:
        if self.driver:
            assert f"acme[{project.dialect}]" in project.without(self.driver)
        else:
            pyproject = (project.path / "pyproject.toml").read_text("utf-8")
            assert f"{project.dialect} = [" not in pyproject


# Tables and columns that are gone, called like what other errors are about.
ABSENT = [
    *(f"SELECT * FROM {table}" for table in ("blocks", "timeouts", "permissions")),  # noqa: S608
    *(f"SELECT {column} FROM wide" for column in ("clock", "shutter", "interrupt")),  # noqa: S608
]


class DialectContract(RenderedContract):
    """What is asked of a dialect on a real database."""

    cases: ClassVar[Sequence[Case]]
    refused: ClassVar[Sequence[Refused]]
    text: ClassVar[str] = "CAST({} AS TEXT)"  # of any expression
    quoted: ClassVar[str] = '"value"'
    canary: ClassVar[str] = "a-canary-in-the-mine"  # for what is secret in `bad`

    @pytest.fixture
    @abstractmethod
    def bad(self) -> Mapping[str, Bad]:
        """What can't be read, by name."""

    @abstractmethod
    def truth(self, database: Any) -> list[Any]:  # noqa: ANN401 - the dialect's own
        """Return the rows of `wide` in the order of `id`, by another way than ours."""

    def moved(self, frame: pl.DataFrame) -> list[Any]:
        """Return the rows that arrived, as `truth` has them."""
        return frame.rows()

    @classmethod
    def drawn(cls) -> list[Case]:
        """Return the cases that are tried."""
        if WHOLE:
            return list(cls.cases)
        return random.Random(11).sample(cls.cases, SAMPLE)  # noqa: S311

    @classmethod
    def tried(cls) -> list[Case | Refused]:
        """Return the cases that have a table."""
        return [*cls.drawn(), *cls.refused]

    @classmethod
    def table(cls, case: Case | Refused) -> str:
        """Return the name of a case's table: two rows, with NULL and its value."""
        return f"t{cls.tried().index(case)}"

    @classmethod
    def script(cls) -> list[str]:
        """Return the statements that make the tables of the cases."""
        return [
            statement
            for case in cls.tried()
            for statement in (
                f"CREATE TABLE {cls.table(case)} (id INTEGER, value {case.type_name});",
                f"INSERT INTO {cls.table(case)} VALUES (0, NULL), (1, {case.value});",  # noqa: S608
            )
        ]

    @pytest.fixture(scope="class")
    @classmethod
    def given(cls, first: Project, database: Database) -> dict[str, Any]:
        queries = {
            f"{cls.table(case)}{what}": f"SELECT value FROM {cls.table(case)} {rest}"  # noqa: S608
            for case in cls.tried()
            for what, rest in (("", "ORDER BY id"), (" empty", "WHERE 1 = 0"))
        }
        for case in cls.refused:
            table, cast = cls.table(case), case.cast.format("value")
            queries[f"{table} cast"] = f"SELECT {cast} AS value FROM {table}"  # noqa: S608
        return first.read(database.credentials, queries)

    def test_a_value_is_what_the_database_says_it_is(
        self, given: dict[str, Any], database: Database, keep: Keep
    ) -> None:
        cases = self.drawn()
        said = database.said(
            [
                f"SELECT {self.text.format(case.said.format('value'))} "  # noqa: S608
                f"FROM {self.table(case)} WHERE id = 1"
                for case in cases
            ]
        )
        wrong = {}
        for case, text in zip(cases, said, strict=True):
            came = given[self.table(case)]
            empty = given[f"{self.table(case)} empty"].get("types")
            if not (
                came.get("types") == [case.arrow]
                and came["columns"][0][0] is None
                and len(came["columns"][0]) == 2
                and same(case, came["columns"][0][1], text)
                and empty == [case.empty or case.arrow]
            ):
                wrong[case] = (came, text, empty)
        assert not wrong
        counts = {"values": len(cases), "refused": len(self.refused), "wrong": 0}
        keep("types", dialect=", ".join(self.names), **counts)

    def test_what_arrow_does_not_hold_names_its_column_and_the_cast(
        self, given: dict[str, Any]
    ) -> None:
        wrong = {}
        for case in self.refused:
            came = given[self.table(case)]
            cast = (case.told or case.cast).format(self.quoted)
            rows = given[f"{self.table(case)} cast"].get("columns", [[]])[0]
            if not (
                came.get("error") == "UnsupportedTypeError"
                and "'value'" in came["message"]
                and cast in came["message"]
                and len(rows) == 2
            ):
                wrong[case] = (came, rows)
        assert not wrong

    def test_what_is_not_there_is_no_more_than_that_whatever_it_is_called(
        self, first: Project, database: Database
    ) -> None:
        came = first.read(database.credentials, {query: query for query in ABSENT})
        assert {query: each.get("error") for query, each in came.items()} == (
            dict.fromkeys(ABSENT, "QueryRejectedError")
        )
        for query, each in came.items():
            assert query.split()[1 if "wide" in query else 3] in each["message"]

    def test_a_flow_moves_every_row(
        self,
        project: Project,
        database: Database,
        tmp_path: Path,
        prefect_server: PrefectServer,
    ) -> None:
        rows = project.load(
            database.credentials, tmp_path, WIDE, prefect_server.environment
        )
        assert rows == WIDE_ROWS
        frame = pl.read_parquet(tmp_path / "file.parquet")
        assert self.moved(frame) == self.truth(database)
        assert_telling(frame.rows())

    def test_bad_input_is_told_apart(
        self, project: Project, bad: Mapping[str, Bad]
    ) -> None:
        readings = {
            name: {
                "credentials": dict(each.credentials),
                "query": each.query,
                "settings": dict(each.settings),
            }
            for name, each in bad.items()
        }
        came = project.read_each(readings)
        assert {name: each["error"] for name, each in came.items()} == {
            name: each.error for name, each in bad.items()
        }
        for name, each in bad.items():
            message = came[name]["message"]
            assert each.shown in message, name
            assert "Next: " in message, name
            assert self.canary not in message, name

    def test_its_own_tests_pass(
        self,
        first: Project,
        database: Database,
        tmp_path: Path,
        prefect_server: PrefectServer,
    ) -> None:
        sources = {f"{name}_test": database.credentials for name in self.names}
        report = report_of_tests(
            first.path,
            tmp_path,
            [f"tests/*/test_{name}*.py" for name in self.names],
            config=write_config(
                tmp_path / "tests.yaml",
                {**sources, "local_test": {"root": str(tmp_path)}},
            ),
            servers=prefect_server.environment,
        )
        assert SKIPPED not in report


def same(case: Case, given: str, said: str) -> bool:
    """Say whether a value is what the database says; a float by its number."""
    if case.arrow in {"float", "double"}:
        return repr(float(given)) == repr(float(said))
    return given == said
