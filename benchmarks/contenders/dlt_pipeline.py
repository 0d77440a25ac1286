"""dlt: a pipeline of one table, in a folder of its own, without telemetry."""

import os
import tempfile
from typing import Literal

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "DATA_WRITER__COMPRESSION": "zstd",
}

import dlt
from dlt.destinations import filesystem
from dlt.sources.sql_database import sql_table

from benchmarks.job import Job


def run(job: Job, backend: Literal["pyarrow", "connectorx"]) -> None:
    """Load the job's table into Parquet files below the job's path."""
    source = sql_table(job.url("postgresql+psycopg2"), job.table, backend=backend)
    if job.lake:
        credentials = {"azure_storage_account_name": "from_connection_string"}
        to = filesystem(
            f"abfs://{job.path}",
            credentials=credentials,
            kwargs={"connection_string": job.lake},
        )
    else:
        to = filesystem(f"file://{job.path}")
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "benchmark", pipelines_dir=folder, destination=to, dataset_name="loaded"
        )
        pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()
