from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("pymysql") is None:
    skip_test_on_missing_extra(
        "MariaDB",
        extra="mariadb",
    )

from acme.orchestration.prefect.tasks import mariadb_to_df
from acme.sources import MariaDB
from .extra import ExtraContract
from .orchestration import TaskContract
from .source import SourceContract


class TestMariaDB(SourceContract):
    source = MariaDB
    secret = "a-canary-in-the-mine"
    unreachable = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }


class TestMariaDBExtra(ExtraContract):
    connector = MariaDB
    needs = "pymysql"
    extra = "mariadb"


class TestMariaDBTask(TaskContract):
    task = mariadb_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
