"""Ours: the connectors of the runtime."""

import sys
from pathlib import Path

from benchmarks.job import Job

sys.path.insert(0, str(Path(__file__).parents[2] / "template"))

from runtime.files.adls import AzureDataLake
from runtime.files.formats import write_batches
from runtime.sql.postgresql import PostgreSQL


def extract(job: Job) -> None:
    """Stream batches into one file."""
    batches = PostgreSQL(credentials=job.server).to_batches(job.query)
    if job.lake:
        lake = AzureDataLake(credentials={"connection_string": job.lake})
        lake.from_batches(batches, job.path)
    else:
        with open(job.path, "wb") as file:  # noqa: PTH123
            write_batches(batches, file, job.path)
