from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("psycopg2") is None:
    skip_test_on_missing_extra(
        "PostgreSQL",
        extra="postgresql",
    )

from acme.orchestration.prefect.tasks import postgresql_to_df
from acme.sources import PostgreSQL
from .extra import ExtraContract
from .orchestration import TaskContract
from .source import SourceContract


class TestPostgreSQL(SourceContract):
    source = PostgreSQL
    secret = "a-canary-in-the-mine"
    unreachable = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }


class TestPostgreSQLExtra(ExtraContract):
    connector = PostgreSQL
    needs = "psycopg2"
    extra = "postgresql"


class TestPostgreSQLTask(TaskContract):
    task = postgresql_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
