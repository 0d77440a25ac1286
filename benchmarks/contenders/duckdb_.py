"""DuckDB: its postgres extension and its own writer; the lake through fsspec."""

from pathlib import Path

import duckdb
import duckdb_extension_postgres_scanner as extension

from benchmarks.job import Job


def extract(job: Job) -> None:
    """Have DuckDB do all of it, with as many threads as it takes by itself."""
    server = job.server
    address = (
        f"host={server['host']} port={server['port']} user={server['user']} "
        f"password={server['password']} dbname={server['database']}"
    )
    (program,) = Path(extension.__file__).parent.rglob("*.duckdb_extension")
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{program}'")
        connection.execute(f"ATTACH '{address}' AS server (TYPE postgres, READ_ONLY)")
        connection.execute("USE server")
        path = job.path
        if job.lake:
            connection.register_filesystem(job.filesystem)
            path = f"abfs://{job.path}"
        connection.execute(
            f"COPY ({job.query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
