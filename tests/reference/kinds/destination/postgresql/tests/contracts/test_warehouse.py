from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("psycopg2") is None:
    skip_test_on_missing_extra(
        "Warehouse",
        extra="warehouse",
    )

import pandas as pd

from acme.orchestration.prefect.tasks import df_to_warehouse
from acme.sources import Warehouse
from .destination import DestinationContract
from .extra import ExtraContract
from .orchestration import TaskContract


class TestWarehouse(DestinationContract):
    destination = Warehouse
    secret = "a-canary-in-the-mine"
    credentials = {"host": "a", "database": "b", "user": "c", "password": secret}


class TestWarehouseExtra(ExtraContract):
    connector = Warehouse
    needs = "psycopg2"
    extra = "warehouse"


class TestWarehouseTask(TaskContract):
    task = df_to_warehouse
    arguments = {"df": pd.DataFrame(), "table": "landing.example"}
