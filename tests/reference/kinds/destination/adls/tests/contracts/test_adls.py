from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("adlfs") is None:
    skip_test_on_missing_extra(
        "AzureDataLake",
        extra="adls",
    )

import pandas as pd

from acme.orchestration.prefect.tasks import df_to_adls
from acme.sources import AzureDataLake
from .destination import FileDestinationContract
from .extra import ExtraContract
from .orchestration import TaskContract


class TestAzureDataLake(FileDestinationContract):
    destination = AzureDataLake
    secret = "YS1jYW5hcnk="
    credentials = {"account_name": "account", "account_key": secret}


class TestAzureDataLakeExtra(ExtraContract):
    connector = AzureDataLake
    needs = "adlfs"
    extra = "adls"


class TestAzureDataLakeTask(TaskContract):
    task = df_to_adls
    arguments = {"df": pd.DataFrame(), "path": "lake/landing/example.parquet"}
