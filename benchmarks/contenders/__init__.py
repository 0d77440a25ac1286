"""Ways from a table of PostgreSQL to a Parquet file, each as its users are told to go.

A module each. It imports at its top what it needs, and has `extract(job)`, which gives
the number of rows. Where a tool leaves the writing to its caller, pyarrow writes, with
zstd and with its own defaults otherwise.
"""

OURS = "sourcewright"
FLOOR = "floor"

# What is printed of each, in the order in which they run.
CONTENDERS: dict[str, str] = {
    FLOOR: "psql, COPY in binary form to /dev/null",
    OURS: "Sourcewright",
    "adbc": "ADBC",
    "connectorx_whole": "ConnectorX, whole",
    "connectorx_stream": "ConnectorX, streamed",
    "duckdb_": "DuckDB",
    "pandas_whole": "pandas, whole",
    "pandas_chunks": "pandas, in chunks",
    "dlt_pyarrow": "dlt, pyarrow",
    "dlt_connectorx": "dlt, ConnectorX",
}

# The distributions whose versions the results name.
DISTRIBUTIONS = (
    *("adbc-driver-postgresql", "adlfs", "connectorx", "dlt", "duckdb", "numpy"),
    *("pandas", "psycopg2-binary", "pyarrow", "sqlalchemy"),
)
