"""The errors of tasks: see `acme.runtime.prefect.credentials`."""

from acme.runtime.prefect.credentials import (
    MissingPrefectBlockError,
    MissingSourceCredentialsError,
)

__all__ = ["MissingPrefectBlockError", "MissingSourceCredentialsError"]
