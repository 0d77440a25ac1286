"""Credentials and retries of tasks: see `acme.runtime.prefect`."""

from acme.runtime.prefect.credentials import connector_options, get_credentials
from acme.runtime.prefect.retries import (
    cancel_flow_retries,
    current_load_id,
    retry_if_retriable,
)

__all__ = [
    "cancel_flow_retries",
    "connector_options",
    "current_load_id",
    "get_credentials",
    "retry_if_retriable",
]
