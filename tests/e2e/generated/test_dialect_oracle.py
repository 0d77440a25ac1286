"""Oracle: no server can be had here, so only what holds without one is tried."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from sourcewright.services import PrefectServer

from tests.e2e.generated.dialects import Project, RenderedContract
from tests.e2e.generated.gates import report_of_tests


class TestOracle(RenderedContract):
    names: ClassVar[Mapping[str, str]] = {"oracle": "Oracle"}
    driver = "oracledb"

    def test_its_own_tests_pass_but_those_that_say_what_they_need(
        self, first: Project, tmp_path: Path, prefect_server: PrefectServer
    ) -> None:
        report = report_of_tests(
            first.path,
            tmp_path,
            ["tests/*/test_oracle*.py"],
            servers=prefect_server.environment,
        )
        skipped = [line for line in report.splitlines() if line.startswith("SKIPPED")]
        assert skipped
        assert all("ACME__ORACLE_TEST__<FIELD>" in line for line in skipped)
        assert not any("unit" in line for line in skipped)
        assert " passed" in report
