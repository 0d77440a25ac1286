"""What an HTTP client is told: its limits, and how a server knows who asks."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Limits:
    """How long to wait, how often to ask, how much to take.

    Attributes:
        connect_seconds: For a connection.
        read_seconds: Between two parts of an answer.
        total_seconds: For one page, with all attempts and the pauses between them.
        attempts: For one page.
        backoff_seconds: The longest pause after the first attempt; it doubles each time.
        longest_backoff_seconds: Where it stops to double.
        requests_per_second: Of one reading; 0 is without limit.
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
    """What a server asks for before it gives a token: OAuth 2.0, client credentials."""

    url: str
    client_id: str
    client_secret: str
    form: dict[str, str]


class Authentication(Protocol):
    """What a request needs to be answered."""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry a secret."""

    def parameters(self) -> dict[str, str]:
        """Return the query's parameters that carry a secret."""

    def token_request(self) -> TokenRequest | None:
        """Return how to get a token; None where there is none to get."""
