import pandas as pd

from acme.orchestration.prefect.tasks import df_to_local
from acme.sources import LocalFolder
from .destination import FileDestinationContract
from .orchestration import TaskContract


class TestLocalFolder(FileDestinationContract):
    destination = LocalFolder
    secret = "a-canary-in-the-mine"
    credentials = {"root": "landing"}


class TestLocalFolderTask(TaskContract):
    task = df_to_local
    arguments = {"df": pd.DataFrame(), "path": "landing/example.parquet"}
