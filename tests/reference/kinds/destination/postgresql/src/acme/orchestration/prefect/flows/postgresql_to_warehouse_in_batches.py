"""Load from PostgreSQL into warehouse, batch by batch."""

from typing import Any

from prefect import flow

from acme.orchestration.prefect.tasks import postgresql_batches_to_warehouse
from acme.runtime.loading import Manifest, Verify
from acme.runtime.tables.destination import WriteMode


@flow(
    name="extract--postgresql--warehouse--in-batches",
    description="Stream data from PostgreSQL into warehouse, and verify it.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def postgresql_to_warehouse_in_batches(
    warehouse_table: str,
    sql_query: str,
    postgresql_config_key: str | None = None,
    postgresql_credentials_secret: str | None = None,
    warehouse_config_key: str | None = None,
    warehouse_credentials_secret: str | None = None,
    mode: WriteMode = "fail",
    key: list[str] | None = None,
    verify: Verify = "bytes",
    sql_parameters: dict[str, Any] | None = None,
) -> Manifest:
    """Load the result of a query into one table, however many rows there are.

    The rows appear all at once or not at all, and a retry writes nothing twice.

    Args:
        warehouse_table: Where to write, as schema.table or a table alone.
        sql_query: The query, in the source's own language.
        postgresql_config_key: The config key of the source's credentials.
        postgresql_credentials_secret: The Prefect block that holds them instead.
        warehouse_config_key: The config key of the destination's credentials.
        warehouse_credentials_secret: The Prefect block that holds them instead.
        mode: What to do with existing rows, as `TableDestination` says.
        key: The columns that identify a row, only for the mode "upsert".
        verify: What to verify before the rows appear: "none", "bytes" or "full", as the
            module `loading` says.
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    return postgresql_batches_to_warehouse(
        warehouse_table=warehouse_table,
        sql_query=sql_query,
        postgresql_config_key=postgresql_config_key,
        postgresql_credentials_secret=postgresql_credentials_secret,
        warehouse_config_key=warehouse_config_key,
        warehouse_credentials_secret=warehouse_credentials_secret,
        mode=mode,
        key=key,
        verify=verify,
        sql_parameters=sql_parameters,
    )
