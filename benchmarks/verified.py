"""Measure what verifying a load costs: each mode, as a ratio to no verification.

    python benchmarks/verified.py --rows 500000 --rounds 3

Starts PostgreSQL and Azurite, and loads one table of mixed types through the runtime's
`loading.load`, the modes in turn; prints the median of each, relative to "none".
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from sourcewright.services import Azurite, PostgreSQL

REPOSITORY = Path(__file__).resolve().parent.parent
MODES = ("none", "bytes", "full")
TABLE = """
CREATE TABLE mixed AS SELECT
    i, i::int8 * 7919 % 1000003 AS number, (i % 100)::int2 AS small,
    random() AS float, (i / 100.0)::numeric(12, 2) AS price, i % 3 = 0 AS flag,
    'customer ' || i % 1000 AS name, md5(i::text) AS text,
    date '2020-01-01' + i % 1000 AS day,
    timestamptz '2020-01-01' + i * interval '1 second' AS instant
FROM generate_series(1, {rows}) AS i
"""
LOAD = """
import json, sys, time
from runtime.files.adls import AzureDataLake
from runtime.loading import load
from runtime.sql.postgresql import PostgreSQL

order = json.load(sys.stdin)
source = PostgreSQL(credentials=order["source"])
lake = AzureDataLake(credentials={"connection_string": order["lake"]})
load(source, lake, "TABLE mixed", "bench/file.parquet")  # a first one, to warm up
for _ in range(order["rounds"]):
    for verify in order["modes"]:
        start = time.perf_counter(), time.process_time()
        options = {"overwrite": True, "verify": verify}
        load(source, lake, "TABLE mixed", "bench/file.parquet", **options)
        took = [time.perf_counter() - start[0], time.process_time() - start[1]]
        print(json.dumps([verify, *took]), flush=True)
"""


def main() -> None:
    """Print a row for each mode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with PostgreSQL() as postgres, Azurite() as azurite:
        postgres.psql(TABLE.format(rows=options.rows))
        azurite.create_container("bench")
        order = {
            "source": {
                "host": postgres.host,
                "port": postgres.port,
                "database": postgres.database,
                "user": postgres.user,
                "password": postgres.password,
            },
            "lake": azurite.connection_string,
            "modes": MODES,
            "rounds": options.rounds,
        }
        done = subprocess.run(
            [sys.executable, "-c", LOAD],
            input=json.dumps(order),
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "template")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    seconds, processor = defaultdict(list), defaultdict(list)
    for line in done.stdout.splitlines():
        verify, wall, cpu = json.loads(line)
        seconds[verify].append(wall)
        processor[verify].append(cpu)
    print("| verify | time | processor of the client |\n| --- | --: | --: |")  # noqa: T201
    for verify in MODES:
        ratios = [
            statistics.median(times[verify]) / statistics.median(times["none"])
            for times in (seconds, processor)
        ]
        print(f"| {verify} | {ratios[0]:.2f} | {ratios[1]:.2f} |")  # noqa: T201


if __name__ == "__main__":
    main()
