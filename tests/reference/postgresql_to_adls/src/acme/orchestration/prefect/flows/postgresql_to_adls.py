"""Load from PostgreSQL into Azure Data Lake."""

from typing import Any

from prefect import flow

from acme.orchestration.prefect.tasks import df_to_adls, postgresql_to_df


@flow(
    name="extract--postgresql--adls",
    description="Extract data from PostgreSQL and load it into Azure Data Lake.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def postgresql_to_adls(
    adls_path: str,
    sql_query: str,
    postgresql_config_key: str | None = None,
    postgresql_credentials_secret: str | None = None,
    adls_config_key: str | None = None,
    adls_credentials_secret: str | None = None,
    overwrite: bool = False,
    sql_parameters: dict[str, Any] | None = None,
) -> None:
    """Load the result of a query into one file.

    The file appears complete or not at all, at exactly its path, and a retry replaces
    what an earlier attempt of the same run wrote.

    Args:
        adls_path: Where to write; the suffix gives the format.
        sql_query: The query, in the source's own language.
        postgresql_config_key: The config key of the source's credentials.
        postgresql_credentials_secret: The Prefect block that holds them instead.
        adls_config_key: The config key of the destination's credentials.
        adls_credentials_secret: The Prefect block that holds them instead.
        overwrite: Whether to replace an existing file.
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    df = postgresql_to_df(
        sql_query=sql_query,
        config_key=postgresql_config_key,
        credentials_secret=postgresql_credentials_secret,
        sql_parameters=sql_parameters,
    )
    df_to_adls(
        df=df,
        path=adls_path,
        config_key=adls_config_key,
        credentials_secret=adls_credentials_secret,
        overwrite=overwrite,
    )
