"""Load from a REST API into a local folder, batch by batch."""

from prefect import flow

from acme.orchestration.prefect.tasks import rest_batches_to_local
from acme.runtime.loading import Manifest, Verify


@flow(
    name="extract--rest--local--in-batches",
    description="Stream data from a REST API into a local folder, and verify it.",
    retries=1,
    retry_delay_seconds=60,
    timeout_seconds=2 * 60 * 60,
)
def rest_to_local_in_batches(
    local_path: str,
    resource: str,
    rest_config_key: str | None = None,
    rest_credentials_secret: str | None = None,
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
        resource: The resource and its parameters, as in `orders?status=open`.
        rest_config_key: The config key of the source's credentials.
        rest_credentials_secret: The Prefect block that holds them instead.
        local_config_key: The config key of the destination's credentials.
        local_credentials_secret: The Prefect block that holds them instead.
        overwrite: Whether to replace an existing file.
        verify: What to verify before the rows appear: "none", "bytes" or "full", as the
            module `loading` says.
    """
    return rest_batches_to_local(
        local_path=local_path,
        resource=resource,
        rest_config_key=rest_config_key,
        rest_credentials_secret=rest_credentials_secret,
        local_config_key=local_config_key,
        local_credentials_secret=local_credentials_secret,
        overwrite=overwrite,
        verify=verify,
    )
