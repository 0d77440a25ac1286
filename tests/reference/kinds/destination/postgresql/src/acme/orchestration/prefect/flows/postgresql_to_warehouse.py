"""Load from PostgreSQL into warehouse."""

from typing import Any

from prefect import flow

from acme.orchestration.prefect.tasks import df_to_warehouse, postgresql_to_df
from acme.runtime.tables.destination import WriteMode


@flow(
    name="extract--postgresql--warehouse",
    description="Extract data from PostgreSQL and load it into warehouse.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def postgresql_to_warehouse(
    warehouse_table: str,
    sql_query: str,
    postgresql_config_key: str | None = None,
    postgresql_credentials_secret: str | None = None,
    warehouse_config_key: str | None = None,
    warehouse_credentials_secret: str | None = None,
    mode: WriteMode = "fail",
    key: list[str] | None = None,
    sql_parameters: dict[str, Any] | None = None,
) -> None:
    """Load the result of a query into one table.

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
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    df = postgresql_to_df(
        sql_query=sql_query,
        config_key=postgresql_config_key,
        credentials_secret=postgresql_credentials_secret,
        sql_parameters=sql_parameters,
    )
    df_to_warehouse(
        df=df,
        table=warehouse_table,
        config_key=warehouse_config_key,
        credentials_secret=warehouse_credentials_secret,
        mode=mode,
        key=key,
    )
