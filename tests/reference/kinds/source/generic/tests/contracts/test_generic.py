from typing import ClassVar

from acme.orchestration.prefect.tasks import generic_to_df
from acme.sources import GenericSQL
from .orchestration import TaskContract
from .source import SourceContract


class TestGenericSQL(SourceContract):
    source = GenericSQL
    secret = "a-canary-in-the-mine"
    unreachable = {
        "drivername": "sqlite",
        "database": "no/such/shop.sqlite",
        "query": {"option": secret},
    }

    # There is no server: a file that is missing has to be put there.
    test_a_server_that_is_not_there_is_worth_a_retry: ClassVar = None


class TestGenericSQLTask(TaskContract):
    task = generic_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
