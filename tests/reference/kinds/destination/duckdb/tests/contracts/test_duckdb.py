from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("duckdb") is None:
    skip_test_on_missing_extra(
        "DuckDBTables",
        extra="duckdb",
    )

import pandas as pd

from acme.orchestration.prefect.tasks import df_to_duckdb
from acme.sources import DuckDBTables
from .destination import DestinationContract
from .extra import ExtraContract
from .orchestration import TaskContract


class TestDuckDBTables(DestinationContract):
    destination = DuckDBTables
    secret = "a-canary-in-the-mine"
    credentials = {"path": "warehouse.duckdb"}


class TestDuckDBTablesExtra(ExtraContract):
    connector = DuckDBTables
    needs = "duckdb"
    extra = "duckdb"


class TestDuckDBTablesTask(TaskContract):
    task = df_to_duckdb
    arguments = {"df": pd.DataFrame(), "table": "landing.example"}
