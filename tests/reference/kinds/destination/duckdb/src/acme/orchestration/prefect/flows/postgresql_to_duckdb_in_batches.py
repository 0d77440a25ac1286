"""Load from PostgreSQL into DuckDB, batch by batch."""

from typing import Any

from prefect import flow

from acme.orchestration.prefect.tasks import postgresql_batches_to_duckdb
from acme.runtime.loading import Manifest, Verify
from acme.runtime.tables.destination import WriteMode


@flow(
    name="extract--postgresql--duckdb--in-batches",
    description="Stream data from PostgreSQL into DuckDB, and verify it.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def postgresql_to_duckdb_in_batches(
    duckdb_table: str,
    sql_query: str,
    postgresql_config_key: str | None = None,
    postgresql_credentials_secret: str | None = None,
    duckdb_config_key: str | None = None,
    duckdb_credentials_secret: str | None = None,
    mode: WriteMode = "fail",
    key: list[str] | None = None,
    verify: Verify = "bytes",
    sql_parameters: dict[str, Any] | None = None,
) -> Manifest:
    """Load the result of a query into one table, however many rows there are.

    The rows appear all at once or not at all, and a retry writes nothing twice.

    Args:
        duckdb_table: Where to write, as schema.table or a table alone.
        sql_query: The query, in the source's own language.
        postgresql_config_key: The config key of the source's credentials.
        postgresql_credentials_secret: The Prefect block that holds them instead.
        duckdb_config_key: The config key of the destination's credentials.
        duckdb_credentials_secret: The Prefect block that holds them instead.
        mode: What to do with existing rows, as `TableDestination` says.
        key: The columns that identify a row, only for the mode "upsert".
        verify: What to verify before the rows appear: "none", "bytes" or "full", as the
            module `loading` says.
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    return postgresql_batches_to_duckdb(
        duckdb_table=duckdb_table,
        sql_query=sql_query,
        postgresql_config_key=postgresql_config_key,
        postgresql_credentials_secret=postgresql_credentials_secret,
        duckdb_config_key=duckdb_config_key,
        duckdb_credentials_secret=duckdb_credentials_secret,
        mode=mode,
        key=key,
        verify=verify,
        sql_parameters=sql_parameters,
    )
