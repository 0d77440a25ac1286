from importlib.util import find_spec
from typing import ClassVar

from acme.utils import skip_test_on_missing_extra

if find_spec("duckdb") is None:
    skip_test_on_missing_extra(
        "DuckDB",
        extra="duckdb",
    )

from acme.orchestration.prefect.tasks import duckdb_to_df
from acme.sources import DuckDB
from .extra import ExtraContract
from .orchestration import TaskContract
from .source import SourceContract


class TestDuckDB(SourceContract):
    source = DuckDB
    secret = "a-canary-in-the-mine"
    unreachable = {"path": "no/such/shop.duckdb"}

    # There is no server: a file that is missing has to be put there.
    test_a_server_that_is_not_there_is_worth_a_retry: ClassVar = None


class TestDuckDBExtra(ExtraContract):
    connector = DuckDB
    needs = "duckdb"
    extra = "duckdb"


class TestDuckDBTask(TaskContract):
    task = duckdb_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
