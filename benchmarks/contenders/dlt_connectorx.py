"""dlt: its SQL source with the connectorx backend, its file destination."""

from benchmarks.contenders.dlt_pipeline import run
from benchmarks.job import Job


def extract(job: Job) -> None:
    """Run a whole pipeline: extract, normalize, load."""
    run(job, "connectorx")
