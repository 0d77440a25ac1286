"""Tasks for streaming from PostgreSQL to LocalFolder."""

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from acme import sources
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    connector_options,
    current_load_id,
    retry_if_retriable,
)
from acme.runtime.loading import Manifest, Verify, load


@task(
    retries=3,
    retry_delay_seconds=10,
    retry_condition_fn=retry_if_retriable,
    timeout_seconds=60 * 60,
    on_failure=[cancel_flow_retries],
    cache_policy=NO_CACHE,
    persist_result=False,
)
def postgresql_batches_to_local(
    local_path: str,
    sql_query: str,
    postgresql_config_key: str | None = None,
    postgresql_credentials_secret: str | None = None,
    local_config_key: str | None = None,
    local_credentials_secret: str | None = None,
    overwrite: bool = False,
    verify: Verify = "bytes",
    sql_parameters: dict[str, Any] | None = None,
) -> Manifest:
    """Stream the result of a query into one file; only a few batches are held.

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
        verify: What to verify before the rows appear: "none", "bytes" or "full", as the
            module `loading` says.
        sql_parameters: The value of each `:name` in the query; not for secrets.

    Raises:
        MissingSourceCredentialsError: An end has neither config key nor secret.
        VerificationError: What arrived differs from what was read; former rows stay.
        RetriableError: An end can't be reached; Prefect tries again.
        FatalError: Any error that a retry can't help.
    """
    source_options = connector_options(
        postgresql_config_key,
        postgresql_credentials_secret,
        where="postgresql_batches_to_local",
    )
    destination_options = connector_options(
        local_config_key, local_credentials_secret, where="postgresql_batches_to_local"
    )
    source = sources.PostgreSQL(**source_options)
    destination = sources.LocalFolder(**destination_options)
    if sql_parameters is not None:
        sql_query = source.bind(sql_query, sql_parameters)
    return load(
        source,
        destination,
        sql_query,
        local_path,
        overwrite=overwrite,
        load_id=current_load_id(),
        verify=verify,
    )
