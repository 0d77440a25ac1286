"""Load from SQLite into a local folder, batch by batch."""

from typing import Any

from prefect import flow

from acme.loading import (
    Manifest,
    Verify,
)
from acme.orchestration.prefect.tasks import (
    sqlite_batches_to_local,
)


@flow(
    name="extract--sqlite--local--in-batches",
    description="Stream data from SQLite into a local folder, and verify it.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def sqlite_to_local_in_batches(
    local_path: str,
    sql_query: str,
    sqlite_config_key: str | None = None,
    sqlite_credentials_secret: str | None = None,
    local_config_key: str | None = None,
    local_credentials_secret: str | None = None,
    overwrite: bool = False,
    verify: Verify = "bytes",
    sql_parameters: dict[str, Any] | None = None,
) -> Manifest:
    """Load the result of a query into one file, however many rows there are.

    The file appears whole or not at all, at exactly its path. No folder knows which
    run wrote a file, so a run that is tried again after its file appeared is
    refused like any other, unless it may replace files.

    Args:
        local_path: Where to write; the suffix gives the format.
        sql_query: The query, as the source takes it.
        sqlite_config_key: The config key of the source's credentials.
        sqlite_credentials_secret: The Prefect block that holds them instead.
        local_config_key: The config key of the destination's credentials.
        local_credentials_secret: The Prefect block that holds them instead.
        overwrite: Whether to replace a file that is there.
        verify: What to make sure of before the rows appear: "none", "bytes" or "full",
            as the module `loading` says.
        sql_parameters: The value of each `:name` in the query; not for secrets.
    """
    return sqlite_batches_to_local(
        local_path=local_path,
        sql_query=sql_query,
        sqlite_config_key=sqlite_config_key,
        sqlite_credentials_secret=sqlite_credentials_secret,
        local_config_key=local_config_key,
        local_credentials_secret=local_credentials_secret,
        overwrite=overwrite,
        verify=verify,
        sql_parameters=sql_parameters,
    )
