"""ADBC: its reader of record batches, into pyarrow's writer."""

from adbc_driver_postgresql import dbapi
from pyarrow import parquet

from benchmarks.job import Job


def extract(job: Job) -> None:
    """Write each batch as it comes."""
    with (
        dbapi.connect(job.url("postgresql")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(job.query)
        reader = cursor.fetch_record_batch()
        with (
            job.open() as file,
            parquet.ParquetWriter(file, reader.schema, compression="zstd") as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)
