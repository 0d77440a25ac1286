"""Tasks for reading from PostgreSQL."""

from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from acme import sources
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    connector_options,
    retry_if_retriable,
)
from acme.runtime.source import IfEmpty


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,  # otherwise Prefect hashes every row
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
        sql_query: The query, in the source's own language.
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        if_empty: What to do if there are no rows: warn and return the empty frame,
            raise `SKIP`, or fail.
        sql_parameters: The value of each `:name` in the query; not for secrets.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        RetriableError: The source can't be reached; Prefect tries again.
        FatalError: Any error that a retry can't help.
    """
    options = connector_options(
        config_key, credentials_secret, where="postgresql_to_df"
    )
    source = sources.PostgreSQL(**options)
    if sql_parameters is not None:
        sql_query = source.bind(sql_query, sql_parameters)
    return source.to_df(sql_query, if_empty=if_empty)
