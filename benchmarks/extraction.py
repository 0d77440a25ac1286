"""Measure extraction from PostgreSQL to Parquet, beside other tools.

    .venv/bin/python -m benchmarks.extraction [--rows N] [--rounds N] [--json FILE]

Every contender runs in a process of its own, its imports left out. In each round all of
them run, one after the other, so that a busy machine slows all; figures are medians.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from sourcewright.services import Azurite, PostgreSQL

from benchmarks.contenders import (
    CONTENDERS,
    DISTRIBUTIONS,
    FLOOR,
    OURS,
)
from benchmarks.runs import Bench, ContenderFailedError, Run
from benchmarks.tables import TABLES, Table

MIB = 1024 * 1024
HEADER = (
    "| contender | rows/s | CPU s per million rows | server's | peak, MiB | "
    "of the floor | ours is faster by | file, MiB |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)


def medians(runs: Iterable[Run]) -> dict[str, Run]:
    """Return one run for each contender, of which each figure is a median."""
    by_contender: dict[str, list[Run]] = {}
    for run in runs:
        by_contender.setdefault(run.contender, []).append(run)
    return {
        contender: Run(
            contender,
            seconds=statistics.median(run.seconds for run in same),
            cpu_seconds=statistics.median(run.cpu_seconds for run in same),
            server_seconds=statistics.median(run.server_seconds for run in same),
            peak_bytes=int(statistics.median(run.peak_bytes for run in same)),
            file_bytes=int(statistics.median(run.file_bytes for run in same)),
        )
        for contender, same in by_contender.items()
    }


def table_of(runs: Iterable[Run], rows: int) -> str:
    """Return the medians as a table in Markdown, a row a contender."""
    of = medians(runs)
    millions = rows / 1_000_000
    lines = [
        f"| {CONTENDERS[name]} | {rows / run.seconds:,.0f} "
        f"| {run.cpu_seconds / millions:.2f} | {run.server_seconds / millions:.2f} "
        f"| {run.peak_bytes / MIB:.0f} | {of[FLOOR].seconds / run.seconds:.2f} "
        f"| {run.seconds / of[OURS].seconds:.2f} | {run.file_bytes / MIB:.1f} |\n"
        for name, run in of.items()
    ]
    return HEADER + "".join(lines)


def fill(server: PostgreSQL, name: str, table: Table, rows: int) -> None:
    """Make the table, and `first_row` with a row like its own."""
    server.psql(
        f"CREATE TABLE {name} AS {table.query(rows)};"
        f"VACUUM (FREEZE, ANALYZE) {name};"
        f"DROP TABLE IF EXISTS first_row;"
        f"CREATE TABLE first_row AS {table.query(1)}"
    )


def provenance(rounds: int, distributions: Iterable[str] = DISTRIBUTIONS) -> str:
    """Return what the figures hang on, in a line or two."""
    versions = ", ".join(f"{name} {version(name)}" for name in distributions)
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} "
        f"at the start, medians of {rounds} rounds, {versions}\n"
    )


def compare(
    bench: Bench, name: str, rows: int, rounds: int, *, lake: bool
) -> list[Run]:
    """Run all contenders in turn. Who fails is named with the reason, and left out."""
    query = f"SELECT * FROM {name}"  # noqa: S608
    runs, left_out = [], set()
    for _ in range(rounds):
        for contender, title in CONTENDERS.items():
            if contender in left_out:
                continue
            try:
                runs.append(bench.run(contender, query, name, rows, lake=lake))
            except ContenderFailedError as err:
                if contender in (FLOOR, OURS):
                    raise
                left_out.add(contender)
                sys.stdout.write(f"\n{title} is left out: {err}\n")
    return [run for run in runs if run.contender not in left_out]


def main() -> None:
    """Print a table for each table and destination."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000, help="of mixed types")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--json", type=Path, help="where to write every single run")
    options = parser.parse_args()
    sys.stdout.write(provenance(options.rounds))
    recorded = []
    with PostgreSQL() as server, Azurite() as azurite:
        bench = Bench(server, azurite)
        for name in options.tables:
            table, rows = TABLES[name], int(TABLES[name].share * options.rows)
            fill(server, name, table, rows)
            for lake in (False, True):
                place = "Azurite" if lake else "a local file"
                runs = compare(bench, name, rows, options.rounds, lake=lake)
                title = f"\n{table.title}, {rows:,} rows, to {place}\n\n"
                sys.stdout.write(title + table_of(runs, rows))
                sys.stdout.flush()
                recorded += [
                    {"table": name, "rows": rows, "lake": lake, **asdict(run)}
                    for run in runs
                ]
    if options.json:
        options.json.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
