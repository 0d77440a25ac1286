from importlib.util import find_spec

from acme.utils import skip_test_on_missing_extra

if find_spec("boto3") is None:
    skip_test_on_missing_extra(
        "S3",
        extra="s3",
    )

import pandas as pd

from acme.orchestration.prefect.tasks import df_to_s3
from acme.sources import S3
from .destination import FileDestinationContract
from .extra import ExtraContract
from .orchestration import TaskContract


class TestS3(FileDestinationContract):
    destination = S3
    secret = "a-canary-in-the-mine"
    credentials = {"access_key_id": "key", "secret_access_key": secret}


class TestS3Extra(ExtraContract):
    connector = S3
    needs = "boto3"
    extra = "s3"


class TestS3Task(TaskContract):
    task = df_to_s3
    arguments = {"df": pd.DataFrame(), "path": "bucket/landing/example.parquet"}
