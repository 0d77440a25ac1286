from importlib.util import find_spec

import pytest

from acme.exceptions import MissingExtraError
from acme.utils import skip_test_on_missing_extra

if find_spec("mssql_python") is None:
    skip_test_on_missing_extra(
        "MSSQL",
        extra="mssql",
    )

from acme.orchestration.prefect.tasks import mssql_to_df
from acme.sources import MSSQL
from .extra import ExtraContract
from .orchestration import TaskContract
from .source import SourceContract


class TestMSSQL(SourceContract):
    source = MSSQL
    secret = "a-canary-in-the-mine"
    unreachable = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }

    def test_a_server_that_is_not_there_is_worth_a_retry(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        try:
            super().test_a_server_that_is_not_there_is_worth_a_retry(caplog)
        except MissingExtraError as err:  # a library of the machine, not a package
            pytest.skip(str(err))


class TestMSSQLExtra(ExtraContract):
    connector = MSSQL
    needs = "mssql_python"
    extra = "mssql"


class TestMSSQLTask(TaskContract):
    task = mssql_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
