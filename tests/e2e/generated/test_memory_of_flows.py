"""The memory of a streaming flow is bounded by its batches, not by its table."""

import json
import sys
from pathlib import Path

from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    environment,
    postgresql_credentials,
    run,
    write_config,
)

CONTAINER = "memory"
ROW_BYTES = 256
# A row is 8 times the 32 characters of a checksum.
MANY_ROWS = (
    "SELECT repeat(md5(i::text), 8) AS text FROM generate_series(1, {rows}) AS i"
)
MEBIBYTES = {"some": 64, "many": 320}
# What the allocators keep may differ; the tables differ by four times as much.
MOST_GROWTH = 64


def test_the_memory_of_a_streaming_flow_does_not_grow_with_its_table(
    tmp_path: Path,
    golden: Path,
    postgres: PostgreSQL,
    azurite: Azurite,
    prefect_server: PrefectServer,
) -> None:
    azurite.create_container(CONTAINER)
    config = write_config(
        tmp_path / "config.yaml",
        {
            "warehouse": postgresql_credentials(postgres),
            "lake": {"connection_string": connection_string(azurite)},
        },
    )
    cases = {
        name: {
            "adls_path": f"{CONTAINER}/{name}.parquet",
            "sql_query": MANY_ROWS.format(rows=size * 2**20 // ROW_BYTES),
            "postgresql_config_key": "warehouse",
            "adls_config_key": "lake",
            "verify": "full",
        }
        for name, size in MEBIBYTES.items()
    }
    order = {
        "cases": cases,
        "in_batches": True,
    }
    done = run(
        [sys.executable, HERE / "flow_driver.py"],
        env=environment(
            golden, config=config, **prefect_server.environment, HOME=str(tmp_path)
        ),
        cwd=tmp_path,
        stdin=json.dumps(order),
    )
    assert done.returncode == 0, done.stdout
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert {result["state"] for result in results.values()} == {"COMPLETED"}, results
    # The highest until then, in each case.
    some, many = (results[name]["peak_rss"] for name in MEBIBYTES)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    growth = (many - some) / unit
    assert growth < MOST_GROWTH, f"{growth:.0f} MiB more"
