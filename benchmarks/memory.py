"""Measure the memory of extraction, which the number of rows should not change.

    .venv/bin/python -m benchmarks.memory [--millions N ...]

Linux only. The rows come from the server without a table. The peak is the process's
resident memory above what it was once everything was imported and one row extracted.
"""

import argparse
import sys

from sourcewright.services import Azurite, PostgreSQL

from benchmarks.contenders import OURS
from benchmarks.runs import Bench
from benchmarks.tables import TABLES

MIB = 1024 * 1024
LONG_ROWS = 1000
LONG = (
    "SELECT n AS id, repeat(md5(n::text), 32768) AS body "  # noqa: S608
    f"FROM generate_series(1, {LONG_ROWS}) AS n"
)


def main() -> None:
    """Print a table with a row for each size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 5, 20])
    millions = parser.parse_args().millions
    sizes = {f"{size} M rows of mixed types": size * 1_000_000 for size in millions}
    cases = {
        title: (TABLES["mixed"].query(rows), rows) for title, rows in sizes.items()
    }
    cases[f"{LONG_ROWS} rows of 1 MiB of text"] = (LONG, LONG_ROWS)
    sys.stdout.write(
        "| what | to a local file, peak MiB | to Azurite, peak MiB |\n"
        "| --- | ---: | ---: |\n"
    )
    with PostgreSQL() as server, Azurite() as azurite:
        bench = Bench(server, azurite)
        for title, (query, rows) in cases.items():
            peaks = [
                bench.run(OURS, query, "", rows, lake=lake).peak_bytes / MIB
                for lake in (False, True)
            ]
            sys.stdout.write(f"| {title} | {peaks[0]:.0f} | {peaks[1]:.0f} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
