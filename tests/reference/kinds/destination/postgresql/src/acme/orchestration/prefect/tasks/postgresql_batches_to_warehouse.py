"""Tasks for streaming from PostgreSQL to Warehouse."""

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from acme import sources
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    connector_options,
    current_load_id,
    retry_if_retriable,
)
from acme.runtime.loading import Manifest, Verify, load
from acme.runtime.tables.destination import WriteMode


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,
    persist_result=False,
)
def postgresql_batches_to_warehouse(
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
    """Stream the result of a query into one table; only a few batches are held.

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

    Raises:
        MissingSourceCredentialsError: An end has neither config key nor secret.
        VerificationError: What arrived differs from what was read; former rows stay.
        RetriableError: An end can't be reached; Prefect tries again.
        FatalError: Any error that a retry can't help.
    """
    source_options = connector_options(
        postgresql_config_key,
        postgresql_credentials_secret,
        where="postgresql_batches_to_warehouse",
    )
    destination_options = connector_options(
        warehouse_config_key,
        warehouse_credentials_secret,
        where="postgresql_batches_to_warehouse",
    )
    source = sources.PostgreSQL(**source_options)
    destination = sources.Warehouse(**destination_options)
    if sql_parameters is not None:
        sql_query = source.bind(sql_query, sql_parameters)
    return load(
        source,
        destination,
        sql_query,
        warehouse_table,
        mode=mode,
        key=key,
        load_id=current_load_id(),
        verify=verify,
    )
