"""Errors of connectors, divided by what the caller should do.

    ConnectorError
    ├── RetriableError                   try again, unchanged
    │   ├── SourceUnavailableError
    │   └── DestinationUnavailableError
    └── FatalError                       change something first
        ├── ConfigError
        ├── CredentialError
        ├── DestinationExistsError
        ├── DestinationRejectedError
        ├── EmptyResultError
        ├── MissingExtraError
        ├── QueryRejectedError
        ├── SchemaChangedError
        ├── UnexpectedResponseError
        ├── UnsupportedFormatError
        ├── UnsupportedTypeError
        ├── UnsupportedVerificationError
        └── VerificationError

No message holds a secret: messages are made of names and addresses, never of values.
"""

from typing import Self


class ConnectorError(Exception):
    """Something failed.

    Args:
        what: The problem, as a sentence.
        where: The place: a config key, an address, a path, a column.
        next_step: How to fix it, as a sentence.
    """

    def __init__(self, what: str, where: str = "", next_step: str = "") -> None:
        super().__init__(what, where, next_step)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        where = f"Where: {self.where}." if self.where else ""
        next_step = f"Next: {self.next_step}" if self.next_step else ""
        return " ".join(part for part in (self.what, where, next_step) if part)


class RetriableError(ConnectorError):
    """The same call may succeed later."""


class FatalError(ConnectorError):
    """The same call will fail again until something is changed."""


class SourceUnavailableError(RetriableError):
    """The source can't be reached, or the connection broke."""


class DestinationUnavailableError(RetriableError):
    """The destination can't be reached, or the connection broke."""


class ConfigError(FatalError):
    """The configuration is missing, unreadable, or lacks the config key."""


class CredentialError(FatalError):
    """The credentials are incomplete, contradictory, or were refused."""


class DestinationExistsError(FatalError):
    """The target already has data, and the options protect it."""

    @classmethod
    def at(cls, path: str) -> Self:
        """Return the error for a file."""
        return cls(
            "The file already exists.",
            path,
            "choose another path, or set overwrite=True.",
        )


class DestinationRejectedError(FatalError):
    """The destination refused the target: its container is missing, for example."""


class EmptyResultError(FatalError):
    """The query returned no rows, and `if_empty` is "fail"."""


class MissingExtraError(FatalError, ImportError):
    """An optional dependency isn't installed."""


class QueryRejectedError(FatalError):
    """The source refused the query."""


class SchemaChangedError(FatalError):
    """The columns differ from those of the first batch, or from the declared ones."""


class UnexpectedResponseError(FatalError):
    """The source's answer doesn't have the declared form."""


class UnsupportedFormatError(FatalError):
    """The path's suffix is not that of a known file format."""


class UnsupportedTypeError(FatalError):
    """A column's type, or a value in it, has no exact counterpart in Arrow."""


class UnsupportedVerificationError(FatalError):
    """The source can't compute the checksums that this verification compares."""


class VerificationError(FatalError):
    """What was written differs from what was read, or changed afterwards."""
