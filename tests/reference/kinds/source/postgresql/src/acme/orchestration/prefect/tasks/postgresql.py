"""Tasks for reading from PostgreSQL."""

from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from acme.orchestration.prefect.exceptions import (
    MissingSourceCredentialsError,
)
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    get_credentials,
    retry_if_retriable,
)
from acme.sources import PostgreSQL
from acme.sources.base import IfEmpty


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,  # else Prefect hashes every row
    persist_result=False,
)
def postgresql_to_df(
    sql_query: str,
    config_key: str | None = None,
    credentials_secret: str | None = None,
    if_empty: IfEmpty = "warn",
    sql_parameters: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """Download the result of a query into a data frame of Arrow-backed columns.

    Args:
        sql_query: The query, as the source takes it.
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        if_empty: What to do where there are no rows: warn and return the empty frame,
            raise `SKIP`, or fail.
        sql_parameters: The value of each `:name` in the query; not for secrets.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        RetriableError: The source can't be reached; Prefect tries again.
        FatalError: Anything that a retry won't help.
    """
    if not (config_key or credentials_secret):
        raise MissingSourceCredentialsError(
            where="postgresql_to_df",
        )

    credentials = get_credentials(credentials_secret) if credentials_secret else None
    source = PostgreSQL(
        config_key=config_key,
        credentials=credentials,
    )
    if sql_parameters is not None:
        sql_query = source.bind(sql_query, sql_parameters)
    return source.to_df(sql_query, if_empty=if_empty)
