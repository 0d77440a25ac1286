from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("oracledb") is None:
    skip_test_on_missing_extra(
        "Oracle",
        extra="oracle",
    )

from acme.orchestration.prefect.tasks import oracle_to_df
from acme.sources import Oracle
from .extra import ExtraContract
from .orchestration import TaskContract
from .source import SourceContract


class TestOracle(SourceContract):
    source = Oracle
    secret = "a-canary-in-the-mine"
    unreachable = {
        "host": "127.0.0.1",
        "port": 1,
        "service_name": "shop",
        "user": "reader",
        "password": secret,
    }


class TestOracleExtra(ExtraContract):
    connector = Oracle
    needs = "oracledb"
    extra = "oracle"


class TestOracleTask(TaskContract):
    task = oracle_to_df
    arguments = {"sql_query": "SELECT 1 AS one FROM dual"}
