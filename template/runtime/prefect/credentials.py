"""Credentials for tasks: from a config key, or from a Prefect block."""

from collections.abc import Mapping
import json
from typing import Any, cast

from prefect.blocks.abstract import SecretBlock
from prefect.blocks.core import Block
from prefect.blocks.system import Secret

from ..exceptions import FatalError


class MissingSourceCredentialsError(FatalError):
    """A task got neither `config_key` nor `credentials_secret`."""

    def __init__(
        self,
        what: str = "No credentials are given.",
        where: str = "",
        next_step: str = "pass either `config_key` or `credentials_secret`.",
    ) -> None:
        super().__init__(what, where, next_step)


class MissingPrefectBlockError(FatalError):
    """There is no such Prefect block, or it holds no credentials."""


def get_credentials(secret_name: str) -> dict[str, Any]:
    """Return the credentials that a Prefect block holds, as a JSON object.

    Args:
        secret_name: The name of a `Secret` block, or `<block type>/<name>` for any other
            secret block, for example `aws-secret/warehouse`.

    Raises:
        MissingPrefectBlockError: There is no such block, or it holds no JSON object.
    """
    reference = secret_name if "/" in secret_name else f"secret/{secret_name}"
    try:
        block = cast("Block", Block.load(reference))
    except ValueError as err:
        raise MissingPrefectBlockError(
            "There is no such Prefect block.",
            reference,
            "create it under Blocks in Prefect's UI, or correct `credentials_secret`.",
        ) from err
    value = _read(block, reference)
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except ValueError:
            value = None  # and not `from err`: the message may quote the secret
    if not isinstance(value, Mapping):
        raise MissingPrefectBlockError(
            "The Prefect block holds no JSON object.",
            reference,
            'store the fields of the credentials: {"user": …, "password": …}.',
        )
    return dict(value)


def connector_options(
    config_key: str | None, credentials_secret: str | None, *, where: str
) -> dict[str, Any]:
    """Return the arguments of a connector: a config key, or the block's credentials.

    Args:
        config_key: The key of the credentials in the configuration.
        credentials_secret: The name of the Prefect block that holds them.
        where: The name of the task, for the error.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        MissingPrefectBlockError: As in `get_credentials`.
    """
    if not (config_key or credentials_secret):
        raise MissingSourceCredentialsError(where=where)
    credentials = get_credentials(credentials_secret) if credentials_secret else None
    return {"config_key": config_key, "credentials": credentials}


def _read(block: Block, reference: str) -> Any:
    if isinstance(block, Secret):
        return block.get()
    if isinstance(block, SecretBlock):
        return block.read_secret()
    raise MissingPrefectBlockError(
        "The Prefect block is of a type that holds no secret.",
        reference,
        "use a block of the type Secret.",
    )
