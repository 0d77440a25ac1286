"""What is asked of every dialect in a project that reads from each, to a folder."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest
from sourcewright.services import PrefectServer

from tests.e2e.generated.gates import report_of_tests
from tests.e2e.generated.parts import Flows, write_config
from tests.e2e.generated.telling import assert_telling
from tests.golden import golden_of, render
from tests.sweeps import only_whole

SKIPPED = " skipped"
WIDE = "SELECT * FROM wide ORDER BY id"
WIDE_ROWS = 5000


@dataclass(frozen=True)
class Project:
    """A project that reads from one dialect and writes into a folder."""

    path: Path
    dialect: str
    class_name: str

    def load(
        self, flows: Flows, credentials: Mapping[str, Any], root: Path, query: str
    ) -> pl.DataFrame:
        """Load a query by the flow in batches; return the rows that arrived."""
        arguments = {
            "local_path": "file.parquet",
            "sql_query": query,
            f"{self.dialect}_config_key": "it",
            "local_config_key": "folder",
        }
        write_config(flows.config, {"it": credentials, "folder": {"root": str(root)}})
        flows.run((f"{self.dialect}_to_local_in_batches", arguments))
        return pl.read_parquet(root / "file.parquet")


def make(folder: Path, names: Sequence[str]) -> None:
    """Render a project that reads from each of some dialects into a folder."""
    first, *others = (golden_of("source", name) for name in names)
    render(folder, [*first.applications, *(each.answers for each in others)])


class RenderedContract:
    """What is asked of a dialect's part of a project, with or without a server."""

    names: ClassVar[Mapping[str, str]]  # dialects of one connector, and their classes
    driver: ClassVar[str] = ""  # the module of an extra, if there is one

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", list(self.names), scope="class")

    @pytest.fixture(scope="class")
    @classmethod
    def projects(cls, of_all: Path) -> Mapping[str, Project]:
        return {name: Project(of_all, name, each) for name, each in cls.names.items()}

    @pytest.fixture(scope="class")
    @classmethod
    def first(cls, projects: Mapping[str, Project]) -> Project:
        """Return the project as that of its first dialect."""
        return next(iter(projects.values()))

    @pytest.fixture(scope="class")
    @classmethod
    def project(cls, projects: Mapping[str, Project], name: str) -> Project:
        return projects[name]


class DialectContract(RenderedContract):
    """What is asked of a dialect's project on a real database, with a table `wide`."""

    @pytest.fixture(scope="class")
    @classmethod
    @abstractmethod
    def database(cls) -> Any:  # noqa: ANN401 - the dialect's own
        """The database: it has `credentials`."""

    @abstractmethod
    def truth(self, database: Any) -> list[Any]:  # noqa: ANN401 - the dialect's own
        """Return the rows of `wide` in the order of `id`, by another way than ours."""

    def moved(self, frame: pl.DataFrame) -> list[Any]:
        """Return the rows that arrived, as `truth` has them."""
        return frame.rows()

    def test_a_flow_moves_every_row(
        self,
        project: Project,
        database: Any,  # noqa: ANN401 - the dialect's own
        tmp_path: Path,
        flows: Flows,
    ) -> None:
        frame = project.load(flows, database.credentials, tmp_path, WIDE)
        assert len(frame) == WIDE_ROWS
        assert self.moved(frame) == self.truth(database)
        assert_telling(frame.rows())

    @only_whole
    def test_its_own_tests_pass(
        self,
        first: Project,
        database: Any,  # noqa: ANN401 - the dialect's own
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
