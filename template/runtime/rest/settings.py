"""The settings of the HTTP client: its limits, and how it authenticates."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Limits:
    """Limits of time, rate and size.

    Attributes:
        connect_seconds: For a connection.
        read_seconds: Between two parts of an answer.
        total_seconds: For one page, with all attempts and the pauses between them.
        attempts: For one page.
        backoff_seconds: The longest pause after the first attempt; it doubles each time.
        longest_backoff_seconds: The pause stops doubling here.
        requests_per_second: Of one reading; 0 means no limit.
        page_bytes: Of one page, decompressed.
    """

    connect_seconds: float = 10
    read_seconds: float = 60
    total_seconds: float = 600
    attempts: int = 6
    backoff_seconds: float = 1
    longest_backoff_seconds: float = 60
    requests_per_second: float = 10
    page_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, repr=False)
class TokenRequest:
    """A request for a token: OAuth 2.0, client credentials."""

    url: str
    client_id: str
    client_secret: str
    form: dict[str, str]


class Authentication(Protocol):
    """How a client authenticates its requests."""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry a secret."""

    def parameters(self) -> dict[str, str]:
        """Return the query parameters that carry a secret."""

    def token_request(self) -> TokenRequest | None:
        """Return how to get a token, or None if none is needed."""
