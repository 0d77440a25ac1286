"""Tasks for writing to LocalFolder."""

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from acme.orchestration.prefect.exceptions import (
    MissingSourceCredentialsError,
)
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    current_load_id,
    get_credentials,
    retry_if_retriable,
)
from acme.sources import LocalFolder


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,  # else Prefect hashes every row
    persist_result=False,
)
def df_to_local(
    df: pd.DataFrame,
    path: str,
    config_key: str | None = None,
    credentials_secret: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a data frame, without its index, into one file.

    The file appears whole or not at all, at exactly its path. No folder knows which
    run wrote a file, so a run that is tried again after its file appeared is
    refused like any other, unless it may replace files.

    Args:
        df: The rows.
        path: Where to write; the suffix gives the format.
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        overwrite: Whether to replace a file that is there.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        RetriableError: The destination can't be reached; Prefect tries again.
        FatalError: Anything that a retry won't help.
    """
    if not (config_key or credentials_secret):
        raise MissingSourceCredentialsError(
            where="df_to_local",
        )

    credentials = get_credentials(credentials_secret) if credentials_secret else None
    destination = LocalFolder(
        config_key=config_key,
        credentials=credentials,
    )
    destination.from_df(
        df,
        path,
        overwrite=overwrite,
        load_id=current_load_id(),
    )
