"""Load from a source of your own into a local folder, batch by batch."""

from prefect import flow

from acme.orchestration.prefect.tasks import custom_batches_to_local
from acme.runtime.loading import Manifest, Verify


@flow(
    name="extract--custom--local--in-batches",
    description="Stream data from a source of your own into a local folder, and verify it.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def custom_to_local_in_batches(
    local_path: str,
    query: str,
    custom_config_key: str | None = None,
    custom_credentials_secret: str | None = None,
    local_config_key: str | None = None,
    local_credentials_secret: str | None = None,
    overwrite: bool = False,
    verify: Verify = "bytes",
) -> Manifest:
    """Load the result of a query into one file, however many rows there are.

    The file appears complete or not at all, at exactly its path. A folder doesn't know
    which run wrote a file, so if a run is retried after its file appeared, it is refused
    like any other, unless it may replace files.

    Args:
        local_path: Where to write; the suffix gives the format.
        query: What to read, in the source's own language.
        custom_config_key: The config key of the source's credentials.
        custom_credentials_secret: The Prefect block that holds them instead.
        local_config_key: The config key of the destination's credentials.
        local_credentials_secret: The Prefect block that holds them instead.
        overwrite: Whether to replace an existing file.
        verify: What to verify before the rows appear: "none", "bytes" or "full", as the
            module `loading` says.
    """
    return custom_batches_to_local(
        local_path=local_path,
        query=query,
        custom_config_key=custom_config_key,
        custom_credentials_secret=custom_credentials_secret,
        local_config_key=local_config_key,
        local_credentials_secret=local_credentials_secret,
        overwrite=overwrite,
        verify=verify,
    )
