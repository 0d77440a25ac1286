"""Tasks for writing to S3."""

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


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,  # otherwise Prefect hashes every row
    persist_result=False,
)
def df_to_s3(
    df: pd.DataFrame,
    path: str,
    config_key: str | None = None,
    credentials_secret: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a data frame, without its index, into one file.

    The file appears complete or not at all, at exactly its path, and a retry replaces
    what an earlier attempt of the same run wrote.

    Args:
        df: The rows.
        path: Where to write; the suffix gives the format.
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        overwrite: Whether to replace an existing file.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        RetriableError: The destination can't be reached; Prefect tries again.
        FatalError: Any error that a retry can't help.
    """
    options = connector_options(config_key, credentials_secret, where="df_to_s3")
    destination = sources.S3(**options)
    destination.from_df(df, path, overwrite=overwrite, load_id=current_load_id())
