"""How a REST API authenticates requests: a class of credentials for each way."""

from base64 import b64encode
import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, SecretStr, field_validator

from ..addresses import Address, address
from ..connector import Credentials
from ..tls import CaFile
from .settings import TokenRequest

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


def _token_address(text: str) -> str:
    """Allow an address to have parameters: RFC 6749, section 3.2."""
    address(text.replace("?", "/", 1))
    return text


def _header_name(text: str) -> str:
    if not HEADER_NAME.fullmatch(text):
        msg = "it can't be a header's name, such as X-API-Key"
        raise ValueError(msg)
    return text


def _header_value(secret: SecretStr) -> SecretStr:
    """Raise if httpx would refuse to send the value, since its message quotes it."""
    text = secret.get_secret_value()
    if not text or text != text.strip() or not (text.isascii() and text.isprintable()):
        msg = (
            "it is empty, or has white space around it, a line break, "
            "or a character that isn't ASCII"
        )
        raise ValueError(msg)
    return secret


TokenAddress = Annotated[str, AfterValidator(_token_address)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[SecretStr, AfterValidator(_header_value)]


class NoAuthentication(Credentials):
    """The API doesn't authenticate requests.

    `base_url` replaces the connector's, for example in a test. `ca_file` holds the
    certificates of the authorities that are trusted instead of the public ones.
    """

    base_url: Address | None = None
    ca_file: CaFile | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that carry a secret."""
        return {}

    def parameters(self) -> dict[str, str]:
        """Return the query parameters that carry a secret."""
        return {}

    def token_request(self) -> TokenRequest | None:
        """Return how to get a token, or None if none is needed."""
        return None

    @field_validator("*", mode="after")
    @classmethod
    def _is_one_line(cls, value: object) -> object:
        # httpx would refuse it too, but quote it in its message.
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and not text.isprintable():
            msg = "a line break, or another character that can't be sent"
            raise ValueError(msg)
        return value


class ApiKeyHeader(NoAuthentication):
    """A key in a header; `header` is its name."""

    key: HeaderValue
    header: HeaderName = "X-API-Key"

    def headers(self) -> dict[str, str]:
        """Return the key's header."""
        return {self.header: self.key.get_secret_value()}


class ApiKeyQuery(NoAuthentication):
    """A key in the query; `parameter` is its name. No log and no message shows it."""

    key: SecretStr
    parameter: str = "api_key"

    def parameters(self) -> dict[str, str]:
        """Return the key's parameter."""
        return {self.parameter: self.key.get_secret_value()}


class BearerToken(NoAuthentication):
    """A token that was issued beforehand."""

    token: HeaderValue

    def headers(self) -> dict[str, str]:
        """Return the token's header."""
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}


class BasicAuthentication(NoAuthentication):
    """A user and a password."""

    user: str
    password: SecretStr

    def headers(self) -> dict[str, str]:
        """Return both in one header, in UTF-8."""
        both = f"{self.user}:{self.password.get_secret_value()}".encode()
        return {"Authorization": f"Basic {b64encode(both).decode()}"}


class OAuth2ClientCredentials(NoAuthentication):
    """A token for this client, from `token_url`: RFC 6749, section 4.4."""

    grant_type: ClassVar[str] = "client_credentials"

    token_url: TokenAddress
    client_id: str
    client_secret: SecretStr
    scope: str = ""

    def token_request(self) -> TokenRequest | None:
        """Return how to get a token."""
        scope = {"scope": self.scope} if self.scope else {}
        return TokenRequest(
            self.token_url,
            self.client_id,
            self.client_secret.get_secret_value(),
            {"grant_type": self.grant_type, **scope},
        )
