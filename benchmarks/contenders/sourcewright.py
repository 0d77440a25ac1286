"""Ours: the connector of the golden, as it is generated."""

import sys
from pathlib import Path

from benchmarks.job import Job

GOLDEN = Path(__file__).parents[2] / "tests" / "reference" / "postgresql_to_adls"
sys.path.insert(0, str(GOLDEN / "src"))

from acme.formats import write_batches  # noqa: E402 - found only now
from acme.sources import AzureDataLake, PostgreSQL  # noqa: E402


def extract(job: Job) -> None:
    """Stream batches into one file."""
    batches = PostgreSQL(credentials=job.server).to_batches(job.query)
    if job.lake:
        lake = AzureDataLake(credentials={"connection_string": job.lake})
        lake.from_batches(batches, job.path)
    else:
        with open(job.path, "wb") as file:  # noqa: PTH123
            write_batches(batches, file, job.path)
