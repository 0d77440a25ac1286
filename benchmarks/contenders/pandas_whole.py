"""pandas with SQLAlchemy: one frame."""

import pandas as pd
from sqlalchemy import create_engine

from benchmarks.job import Job


def extract(job: Job) -> None:
    """Read everything, then write it."""
    engine = create_engine(job.url("postgresql+psycopg2"))
    df = pd.read_sql_query(job.query, engine)
    with job.open() as file:
        df.to_parquet(file, compression="zstd", index=False)
