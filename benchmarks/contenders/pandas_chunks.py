"""pandas with SQLAlchemy: frame by frame from a cursor on the server's side."""

import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from sqlalchemy import create_engine, text

from benchmarks.job import Job

CHUNK_ROWS = 50_000


def extract(job: Job) -> None:
    """Write each frame as a row group.

    The first one gives the schema, for pandas guesses types anew from each chunk.
    """
    engine = create_engine(job.url("postgresql+psycopg2"))
    streaming = engine.connect().execution_options(stream_results=True)
    with streaming as connection, job.open() as file:
        chunks = pd.read_sql_query(text(job.query), connection, chunksize=CHUNK_ROWS)
        writer: parquet.ParquetWriter | None = None
        for chunk in chunks:
            table = pa.Table.from_pandas(
                chunk, schema=writer.schema if writer else None, preserve_index=False
            )
            if writer is None:
                writer = parquet.ParquetWriter(file, table.schema, compression="zstd")
            writer.write_table(table)
        if writer:
            writer.close()
