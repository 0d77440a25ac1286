"""Measure reading from other databases than PostgreSQL into Parquet, beside pandas.

    .venv/bin/python -m benchmarks.kinds [--rows N] [--rounds N]

pandas reads in chunks through SQLAlchemy, as its users are told to. Each reading has a
process of its own, which has read one row before the clock starts. In each round all
run in turn, so that a busy machine slows all; figures are medians.
"""

import argparse
import importlib
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from sourcewright.services import PostgreSQL
from sqlalchemy import URL, create_engine, text

from benchmarks.extraction import MIB, provenance
from benchmarks.measured import Measurement, measured
from tests.golden import REPOSITORY
from tests.mariadb import MariaDB

QUERY = "SELECT * FROM sales"
CHUNK_ROWS = 50_000
DISTRIBUTIONS = ("duckdb", "pandas", "pyarrow", "pymysql", "sqlalchemy")
# pandas can't log in with the password that our tests have.
PLAIN_USER = {"user": "plain", "password": "plain"}
FILES = ("sqlite", "duckdb")
# Module of the runtime -> its class.
CLASSES = {
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "mysql": "MariaDB",
    "generic": "GenericSQL",
}
HEADER = (
    "\n| source | rows/s | pandas | ours is faster by | CPU s per million rows "
    "| pandas | peak, MiB | pandas |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)
# The same nine columns in each dialect, from a row's number n.
COLUMNS = """
    n AS id, n * 7919 % 50000 AS customer,
    CASE WHEN n % 10 > 0 THEN n % 100 END AS quantity,
    CAST(n % 100000 / 100.0 AS DECIMAL(12, 2)) AS price, {double} AS rate,
    CASE n % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'paid' ELSE 'returned' END AS status,
    CASE WHEN n % 5 > 0 THEN {hash} END AS note, {day} AS ordered_on, {moment} AS at
"""
PLAIN = {
    "double": "CAST(n / 7.0 AS FLOAT8)",
    "hash": "md5(CAST(n AS CHAR(20)))",
    "day": "DATE '2020-01-01' + CAST(n % 2000 AS INTEGER)",
    "moment": "TIMESTAMP '2020-01-01 00:00:00' + n * INTERVAL '1' SECOND",
}
MARIADB = PLAIN | {
    "double": "CAST(n / 7.0 AS DOUBLE)",
    "day": "DATE '2020-01-01' + INTERVAL n % 2000 DAY",
    "moment": "TIMESTAMP '2020-01-01 00:00:00' + INTERVAL n SECOND",
}
SQLITE = {
    "double": "n / 7.0",
    "hash": "hex(randomblob(16))",
    "day": "date('2020-01-01', (n % 2000) || ' days')",
    "moment": "datetime('2020-01-01', n || ' seconds')",
}
SQLITE_TABLE = """
CREATE TABLE sales (id INTEGER, customer INTEGER, quantity INTEGER, price REAL,
    rate REAL, status TEXT, note TEXT, ordered_on TEXT, at TEXT)
"""


@dataclass(frozen=True)
class Job:
    """One reading: of whom, from where, and what is written."""

    side: str
    module: str
    connector: str
    credentials: dict[str, Any]
    url: str
    path: str


def ours(job: Job) -> Callable[[str], None]:
    """Return what reads a query by the runtime's source."""
    sys.path.insert(0, str(REPOSITORY / "template"))
    module = importlib.import_module(f"runtime.sql.{job.module}")
    write_batches = importlib.import_module("runtime.files.formats").write_batches
    source = getattr(module, job.connector)(credentials=job.credentials)

    def read(query: str) -> None:
        with Path(job.path).open("wb") as file:
            write_batches(source.to_batches(query), file, job.path)

    return read


def pandas(job: Job) -> Callable[[str], None]:
    """Return what reads a query by pandas; the first chunk gives the schema."""

    def read(query: str) -> None:
        writer = None
        with ExitStack() as stack:
            for chunk in _chunks(job, query, stack):
                schema = writer.schema if writer else None
                table = pa.Table.from_pandas(chunk, schema, preserve_index=False)
                if writer is None:
                    writer = stack.enter_context(
                        parquet.ParquetWriter(
                            job.path, table.schema, compression="zstd"
                        )
                    )
                writer.write_table(table)

    return read


def _chunks(job: Job, query: str, stack: ExitStack) -> Iterable[pd.DataFrame]:
    if job.connector == "DuckDB":  # pandas has no dialect of it
        connection = stack.enter_context(duckdb.connect(job.credentials["path"]))
        return [connection.execute(query).df()]
    streaming = create_engine(job.url).connect().execution_options(stream_results=True)
    return pd.read_sql_query(
        text(query), stack.enter_context(streaming), chunksize=CHUNK_ROWS
    )


def measure(job: Job, rows: int) -> Measurement:
    """Run a job in a process of its own, and count what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kinds", "--measure"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=False,
    )
    written = parquet.read_metadata(job.path).num_rows if not done.returncode else 0
    if written != rows:
        sys.exit(f"{job.side}, {job.connector}: {written} rows\n{done.stderr[-2000:]}")
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def fill(folder: Path, server: PostgreSQL, mariadb: MariaDB, rows: int) -> None:
    """Make the table in every database."""
    into = "CREATE TABLE {name} AS SELECT " + COLUMNS + " FROM ({of}) AS s"  # noqa: S608
    of = f"SELECT i AS n FROM generate_series(1::bigint, {rows}) AS i"  # noqa: S608
    server.psql(into.format(name="sales", of=of, **PLAIN))
    of = f"SELECT seq AS n FROM seq_1_to_{rows}"  # noqa: S608
    mariadb.sql("USE shop; " + into.format(name="sales", of=of, **MARIADB))
    mariadb.sql(f"CREATE USER plain IDENTIFIED BY '{PLAIN_USER['password']}'")
    mariadb.sql("GRANT SELECT ON *.* TO plain")
    with closing(duckdb.connect(str(folder / "sales.duckdb"))) as connection:
        of = f"SELECT i AS n FROM range(1, {rows + 1}) AS r(i)"  # noqa: S608
        connection.execute(into.format(name="sales", of=of, **PLAIN))
    with closing(sqlite3.connect(folder / "sales.sqlite")) as lite, lite:
        of = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s"
        of += f" LIMIT {rows}) SELECT n FROM s"  # noqa: S608
        columns = COLUMNS.format(**SQLITE)
        lite.execute(SQLITE_TABLE)
        lite.execute(f"INSERT INTO sales SELECT {columns} FROM ({of})")  # noqa: S608


def jobs(folder: Path, server: PostgreSQL, mariadb: MariaDB) -> list[Job]:
    """Return ours for each dialect."""
    fields = ("host", "port", "database", "user", "password")
    postgresql = {key: getattr(server, key) for key in fields}
    generic = {"drivername": "postgresql+psycopg2", **postgresql}
    files = {name: {"path": str(folder / f"sales.{name}")} for name in FILES}
    credentials: dict[str, dict[str, Any]] = {
        **files,
        "mysql": mariadb.credentials | PLAIN_USER,
        "generic": generic,
    }
    drivers = {"mysql": "mysql+pymysql", "generic": "postgresql+psycopg2"}
    made = []
    for name, given in credentials.items():
        if name in FILES:
            url = URL.create(name, database=given["path"])
        else:
            parts = {key: given[key] for key in fields}
            parts["username"] = parts.pop("user")
            url = URL.create(drivers[name], **parts)
        shown = url.render_as_string(hide_password=False)
        path = str(folder / "out.parquet")
        made.append(Job("ours", name, CLASSES[name], given, shown, path))
    return made


def row_of(job: Job, rows: int, rounds: int) -> str:
    """Measure both sides; return a row of the table."""
    sides = ("ours", "pandas")
    runs = [
        {side: measure(replace(job, side=side), rows) for side in sides}
        for _ in range(rounds)
    ]

    def median(side: str, figure: str) -> float:
        return float(statistics.median(getattr(run[side], figure) for run in runs))

    speed = {side: rows / median(side, "seconds") for side in sides}
    peak = {side: median(side, "peak_bytes") / MIB for side in sides}
    cpu = {side: median(side, "cpu_seconds") / rows * 1e6 for side in sides}
    return (
        f"| {job.connector} | {speed['ours']:,.0f} | {speed['pandas']:,.0f} "
        f"| {speed['ours'] / speed['pandas']:.2f} | {cpu['ours']:.2f} "
        f"| {cpu['pandas']:.2f} | {peak['ours']:.0f} | {peak['pandas']:.0f} |\n"
    )


def main() -> None:
    """Print a table, a row a dialect; or, with --measure, run one job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", action="store_true", help="a job from the input")
    options = parser.parse_args()
    if options.measure:
        job = Job(**json.load(sys.stdin))
        read = ours(job) if job.side == "ours" else pandas(job)
        read(f"{QUERY} LIMIT 1")
        sys.stdout.write(json.dumps(asdict(measured(lambda: read(QUERY)))))
        return
    sys.stdout.write(provenance(options.rounds, DISTRIBUTIONS) + HEADER)
    with (
        PostgreSQL() as server,
        MariaDB() as mariadb,
        tempfile.TemporaryDirectory() as name,
    ):
        fill(Path(name), server, mariadb, options.rows)
        for job in jobs(Path(name), server, mariadb):
            sys.stdout.write(row_of(job, options.rows, options.rounds))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
