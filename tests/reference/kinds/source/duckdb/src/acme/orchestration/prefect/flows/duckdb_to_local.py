"""Load from DuckDB into a local folder."""

from typing import Any

from prefect import flow

from acme.orchestration.prefect.tasks import (
    df_to_local,
    duckdb_to_df,
)


@flow(
    name="extract--duckdb--local",
    description="Extract data from DuckDB and load it into a local folder.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def duckdb_to_local(
    local_path: str,
    sql_query: str,
    duckdb_config_key: str | None = None,
    duckdb_credentials_secret: str | None = None,
    local_config_key: str | None = None,
    local_credentials_secret: str | None = None,
    overwrite: bool = False,
    sql_parameters: dict[str, Any] | None = None,
) -> None:
    """Load the result of a query into one file.

    The file appears whole or not at all, at exactly its path. No folder knows which
    run wrote a file, so a run that is tried again after its file appeared is
    refused like any other, unless it may replace files.

    Args:
        local_path: Where to write; the suffix gives the format.
        sql_query: The query, as the source takes it.
        duckdb_config_key: The config key of the source's credentials.
        duckdb_credentials_secret: The Prefect block that holds them instead.
        local_config_key: The config key of the destination's credentials.
        local_credentials_secret: The Prefect block that holds them instead.
        overwrite: Whether to replace a file that is there.
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    df = duckdb_to_df(
        sql_query=sql_query,
        config_key=duckdb_config_key,
        credentials_secret=duckdb_credentials_secret,
        sql_parameters=sql_parameters,
    )
    df_to_local(
        df=df,
        path=local_path,
        config_key=local_config_key,
        credentials_secret=local_credentials_secret,
        overwrite=overwrite,
    )
