"""Load from PostgreSQL into a local folder."""

from typing import Any

from prefect import flow

from acme.orchestration.prefect.tasks import df_to_local, postgresql_to_df


@flow(
    name="extract--postgresql--local",
    description="Extract data from PostgreSQL and load it into a local folder.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def postgresql_to_local(
    local_path: str,
    sql_query: str,
    postgresql_config_key: str | None = None,
    postgresql_credentials_secret: str | None = None,
    local_config_key: str | None = None,
    local_credentials_secret: str | None = None,
    overwrite: bool = False,
    sql_parameters: dict[str, Any] | None = None,
) -> None:
    """Load the result of a query into one file.

    The file appears complete or not at all, at exactly its path. A folder doesn't know
    which run wrote a file, so if a run is retried after its file appeared, it is refused
    like any other, unless it may replace files.

    Args:
        local_path: Where to write; the suffix gives the format.
        sql_query: The query, in the source's own language.
        postgresql_config_key: The config key of the source's credentials.
        postgresql_credentials_secret: The Prefect block that holds them instead.
        local_config_key: The config key of the destination's credentials.
        local_credentials_secret: The Prefect block that holds them instead.
        overwrite: Whether to replace an existing file.
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    df = postgresql_to_df(
        sql_query=sql_query,
        config_key=postgresql_config_key,
        credentials_secret=postgresql_credentials_secret,
        sql_parameters=sql_parameters,
    )
    df_to_local(
        df=df,
        path=local_path,
        config_key=local_config_key,
        credentials_secret=local_credentials_secret,
        overwrite=overwrite,
    )
