from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("pymysql") is None:
    skip_test_on_missing_extra(
        "MySQL",
        extra="mysql",
    )

from acme.orchestration.prefect.tasks import mysql_to_df
from acme.sources import MySQL
from .extra import ExtraContract
from .orchestration import TaskContract
from .source import SourceContract


class TestMySQL(SourceContract):
    source = MySQL
    secret = "a-canary-in-the-mine"
    unreachable = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }


class TestMySQLExtra(ExtraContract):
    connector = MySQL
    needs = "pymysql"
    extra = "mysql"


class TestMySQLTask(TaskContract):
    task = mysql_to_df
    arguments = {"sql_query": "SELECT 1 AS one"}
