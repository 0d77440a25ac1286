"""Tasks for writing to Warehouse."""

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from acme import sources
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    connector_options,
    current_load_id,
    retry_if_retriable,
)
from acme.runtime.tables.destination import WriteMode


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,  # otherwise Prefect hashes every row
    persist_result=False,
)
def df_to_warehouse(
    df: pd.DataFrame,
    table: str,
    config_key: str | None = None,
    credentials_secret: str | None = None,
    mode: WriteMode = "fail",
    key: list[str] | None = None,
) -> None:
    """Write a data frame, without its index, into one table.

    The rows appear all at once or not at all, and a retry writes nothing twice.

    Args:
        df: The rows.
        table: Where to write, as schema.table or a table alone.
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        mode: What to do with existing rows, as `TableDestination` says.
        key: The columns that identify a row, only for the mode "upsert".

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        RetriableError: The destination can't be reached; Prefect tries again.
        FatalError: Any error that a retry can't help.
    """
    options = connector_options(config_key, credentials_secret, where="df_to_warehouse")
    destination = sources.Warehouse(**options)
    destination.from_df(df, table, mode=mode, key=key, load_id=current_load_id())
