"""The memory of an extraction hangs on the batches, not on the number of rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sourcewright.services import PostgreSQL

REPOSITORY = Path(__file__).resolve().parents[3]
MIB = 1024 * 1024
ROW_BYTES = 2048
ROWS = (
    "SELECT n AS id, repeat(md5(n::text), 64) AS body "
    "FROM generate_series(1, {rows}) AS n"
)


def peak_bytes(postgres: PostgreSQL, megabytes: int, folder: Path) -> int:
    """Extract so much text into a file; give the peak above the imports."""
    job = {
        "server": {
            key: getattr(postgres, key)
            for key in ("host", "port", "user", "password", "database")
        },
        "query": ROWS.format(rows=megabytes * MIB // ROW_BYTES),
        "table": "",
        "path": str(folder / f"{megabytes}.parquet"),
        "lake": None,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measured", "sourcewright"],
        input=json.dumps(job),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    peak: int = json.loads(done.stdout)["peak_bytes"]
    return peak


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_four_times_the_rows_take_no_more_memory(
    postgres: PostgreSQL, tmp_path: Path
) -> None:
    some = peak_bytes(postgres, 128, tmp_path)
    more = peak_bytes(postgres, 512, tmp_path)
    assert more < 1.1 * some
    assert more < 300 * MIB
