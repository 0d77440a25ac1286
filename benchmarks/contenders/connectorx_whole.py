"""ConnectorX: one Arrow table, into pyarrow's writer."""

import connectorx
from pyarrow import parquet

from benchmarks.job import Job


def extract(job: Job) -> None:
    """Read everything, then write it."""
    url = job.url("postgresql")
    table = connectorx.read_sql(url, job.query, return_type="arrow")
    with job.open() as file:
        parquet.write_table(table, file, compression="zstd")
