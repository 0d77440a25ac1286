from typing import ClassVar

from acme.orchestration.prefect.tasks import sqlite_to_df
from acme.sources import SQLite
from .orchestration import TaskContract
from .source import SourceContract


class TestSQLite(SourceContract):
    source = SQLite
    secret = "a-canary-in-the-mine"
    unreachable = {"path": "no/such/shop.sqlite"}

    # There is no server: a file that is missing has to be put there.
    test_a_server_that_is_not_there_is_worth_a_retry: ClassVar = None


class TestSQLiteTask(TaskContract):
    task = sqlite_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
