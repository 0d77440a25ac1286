"""ConnectorX: its stream of record batches, into pyarrow's writer."""

import connectorx
from pyarrow import parquet

from benchmarks.job import Job

BATCH_ROWS = 100_000  # its default, 10,000, would make as many row groups


def extract(job: Job) -> None:
    """Write each batch as it comes."""
    reader = connectorx.read_sql(
        job.url("postgresql"),
        job.query,
        return_type="arrow_stream",
        batch_size=BATCH_ROWS,
    )
    with (
        job.open() as file,
        parquet.ParquetWriter(file, reader.schema, compression="zstd") as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
