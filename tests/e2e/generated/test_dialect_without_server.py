"""SQL Server and Oracle: no server can be had, so what holds without one is tried."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from sourcewright.services import PrefectServer

from tests.e2e.generated.dialects import Project, RenderedContract
from tests.e2e.generated.gates import report_of_tests


class WithoutServerContract(RenderedContract):
    """The project's own tests pass, or say what they need."""

    library: ClassVar[str] = ""  # of the system, that the driver may miss

    def test_its_own_tests_pass_but_those_that_say_what_they_need(
        self, first: Project, tmp_path: Path, prefect_server: PrefectServer
    ) -> None:
        report = report_of_tests(
            first.path,
            tmp_path,
            [f"tests/*/test_{first.dialect}*.py"],
            servers=prefect_server.environment,
        )
        key = f"ACME__{first.dialect.upper()}_TEST__<FIELD>"
        skipped = [line for line in report.splitlines() if line.startswith("SKIPPED")]
        others = [line for line in skipped if key not in line]
        assert len(skipped) > len(others)
        assert all(self.library and self.library in line for line in others)
        assert " passed" in report


class TestMSSQL(WithoutServerContract):
    names: ClassVar[Mapping[str, str]] = {"mssql": "MSSQL"}
    driver = "mssql_python"
    library = "libltdl7"


class TestOracle(WithoutServerContract):
    names: ClassVar[Mapping[str, str]] = {"oracle": "Oracle"}
    driver = "oracledb"
