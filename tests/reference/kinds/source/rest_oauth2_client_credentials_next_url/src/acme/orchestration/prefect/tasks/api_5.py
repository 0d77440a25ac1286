"""Tasks for reading from Api5."""

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
def api_5_to_df(
    resource: str,
    config_key: str | None = None,
    credentials_secret: str | None = None,
    if_empty: IfEmpty = "warn",
) -> pd.DataFrame:
    """Download the result of a query into a data frame of Arrow-backed columns.

    Args:
        resource: The resource and its parameters, as in `orders?status=open`.
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        if_empty: What to do if there are no rows: warn and return the empty frame,
            raise `SKIP`, or fail.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        RetriableError: The source can't be reached; Prefect tries again.
        FatalError: Any error that a retry can't help.
    """
    options = connector_options(config_key, credentials_secret, where="api_5_to_df")
    source = sources.Api5(**options)
    return source.to_df(resource, if_empty=if_empty)
