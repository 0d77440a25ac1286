"""Flows and tasks take the values of a query's parameters."""

import sys
from datetime import date
from pathlib import Path

import polars as pl
from sourcewright.services import PostgreSQL, PrefectServer

from tests.e2e.generated.parts import (
    environment,
    postgresql_credentials,
    run,
    write_config,
)

# The flows take the values, and the task alone does; a wrong one ends a run at once.
FLOWS = """
from datetime import date
from decimal import Decimal

from acme.exceptions import QueryRejectedError
from acme.orchestration.prefect import flows, tasks

QUERY = (
    "SELECT n::bigint AS n, :text AS text, :bytes AS bytes, :day AS day, :price::text "
    "AS price FROM generate_series(1, 9) AS n WHERE n IN (:numbers) AND :none IS NULL"
)
PARAMETERS = {
    "text": "' OR 1=1 -- :text %s \\\\",
    "bytes": b"\\x00\\xff",
    "day": date(2024, 2, 29),
    "price": Decimal("1.10"),
    "numbers": [2, 3],
    "none": None,
}
ends = {"postgresql_config_key": "it", "local_config_key": "folder"}
flows.postgresql_to_local("one.parquet", QUERY, sql_parameters=PARAMETERS, **ends)
manifest = flows.postgresql_to_local_in_batches(
    "other.parquet", QUERY, sql_parameters=PARAMETERS, verify="full", **ends
)
assert manifest.rows == 2
df = tasks.postgresql_to_df.fn(QUERY, "it", sql_parameters=PARAMETERS)
assert df["n"].tolist() == [2, 3]
assert tasks.postgresql_to_df.fn("SELECT ':text' AS a", "it")["a"].tolist() == [":text"]
refused = {**PARAMETERS, "text": {"a-canary-in-the-mine"}}
for flow in (flows.postgresql_to_local, flows.postgresql_to_local_in_batches):
    try:
        flow("no.parquet", QUERY, sql_parameters=refused, **ends)
    except QueryRejectedError as err:
        assert "':text'" in str(err) and "canary" not in str(err)
    else:
        raise AssertionError(flow)
"""


def test_a_flow_and_its_tasks_take_the_values(
    with_local: Path,
    postgres: PostgreSQL,
    prefect_server: PrefectServer,
    tmp_path: Path,
) -> None:
    config = write_config(
        tmp_path / "config.yaml",
        {"it": postgresql_credentials(postgres), "folder": {"root": str(tmp_path)}},
    )
    done = run(
        [sys.executable, "-c", FLOWS],
        env=environment(with_local, config=config, **prefect_server.environment),
        cwd=with_local,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    text = "' OR 1=1 -- :text %s \\"
    rows = [(n, text, b"\x00\xff", date(2024, 2, 29), "1.10") for n in (2, 3)]
    assert pl.read_parquet(tmp_path / "one.parquet").rows() == rows
    assert pl.read_parquet(tmp_path / "other.parquet").rows() == rows
    assert not (tmp_path / "no.parquet").exists()
