"""The base class of sources and destinations: credentials, and how they are checked."""

from collections.abc import Mapping
import logging
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .config import get_source_credentials
from .exceptions import CredentialError
from .extras import require_extra

CONNECT_SECONDS = 10


class Credentials(BaseModel):
    """Base class of a connector's credentials. Secret fields are `SecretStr`.

    An unknown field is an error, since it is usually a misspelt one. No error shows a
    value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Connector:
    """Base class for anything configured by a config key or by explicit credentials.

    Its `repr` shows only the config key.

    Attributes:
        credentials_model: The fields of the credentials.
        requires: A module that must be importable, and what to install for it:
            `("adlfs", "acme[adls]")`.
    """

    credentials_model: ClassVar[type[Credentials]]
    requires: ClassVar[tuple[str, str] | None] = None

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
    ) -> None:
        """Validate the credentials, without connecting.

        Args:
            config_key: The key of the credentials in the configuration.
            credentials: The fields of `credentials_model`.

        Raises:
            MissingExtraError: The module that the connector requires isn't installed.
            ConfigError: There is no such config key.
            CredentialError: Neither or both arguments are given, or a field is missing,
                unknown or of the wrong type; names the field.
        """
        name = type(self).__name__
        if self.requires:
            require_extra(name, *self.requires)
        if (config_key is None) == (credentials is None):
            given = "Neither is" if config_key is None else "Both are"
            raise CredentialError(
                f"{name} takes either `config_key` or `credentials`. {given} given.",
                name,
                "give exactly one of them.",
            )
        self.config_key = config_key
        self.place = f"config key '{config_key}'" if config_key else "given credentials"
        self.logger = logging.getLogger(type(self).__module__)
        fields = get_source_credentials(config_key) if config_key else credentials
        try:
            self.credentials = self.credentials_model.model_validate(fields)
        except ValidationError as err:
            problems = "; ".join(
                f"{'.'.join(map(str, error['loc'])) or 'all'}: {error['msg']}"
                for error in err.errors(include_input=False, include_context=False)
            )
            raise CredentialError(
                f"The credentials of {name} are invalid: {problems}.",
                self.place,
                f"fields: {', '.join(self.credentials_model.model_fields)}.",
            ) from err

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place})"


def first_line(error: BaseException) -> str:
    """Return the first line of a driver's message, without its final full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")
