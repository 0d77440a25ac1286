import json
from typing import Any

import pytest
from prefect.blocks.abstract import SecretBlock
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.system import Secret
from pydantic import SecretStr
from runtime.exceptions import FatalError
from runtime.prefect.credentials import (
    MissingPrefectBlockError,
    MissingSourceCredentialsError,
    connector_options,
    get_credentials,
)

from tests.runtime.shown import everything_shown

CREDENTIALS = {"user": "reader", "password": "canary"}


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("value", [CREDENTIALS, json.dumps(CREDENTIALS)])
@pytest.mark.parametrize("reference", ["warehouse", "secret/warehouse"])
def test_a_secret_block_holds_credentials(value: Any, reference: str) -> None:
    Secret(value=value).save("warehouse", overwrite=True)
    assert get_credentials(reference) == CREDENTIALS
    assert connector_options(None, reference, where="task") == {
        "config_key": None,
        "credentials": CREDENTIALS,
    }


class Vault(SecretBlock):
    """A secret block of another kind, as those of AWS and Azure are."""

    content: SecretStr

    # Prefect declares them as coroutines, and calls either.
    def read_secret(self) -> bytes:  # type: ignore[override]
        return self.content.get_secret_value().encode()

    def write_secret(self, secret_data: bytes) -> str:  # type: ignore[override]
        raise NotImplementedError


@pytest.mark.usefixtures("prefect")
def test_another_type_of_secret_block_holds_credentials() -> None:
    Vault(content=SecretStr(json.dumps(CREDENTIALS))).save("shop", overwrite=True)
    assert get_credentials("vault/shop") == CREDENTIALS


@pytest.mark.usefixtures("prefect")
def test_a_missing_block_is_named() -> None:
    with pytest.raises(MissingPrefectBlockError, match="secret/no-such-block"):
        get_credentials("no-such-block")


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("value", ["canary, but no JSON", '["canary"]', "12"])
def test_a_block_without_a_json_object_is_refused_and_not_shown(value: Any) -> None:
    Secret(value=value).save("broken", overwrite=True)
    with pytest.raises(MissingPrefectBlockError, match="no JSON object") as caught:
        get_credentials("broken")
    assert "canary" not in everything_shown(caught.value)


@pytest.mark.usefixtures("prefect")
def test_a_block_of_another_type_is_refused() -> None:
    chat = SlackWebhook(url=SecretStr("https://example.com/canary"))
    chat.save("chat", overwrite=True)
    with pytest.raises(MissingPrefectBlockError, match="holds no secret"):
        get_credentials("slack-webhook/chat")


def test_a_config_key_needs_no_server() -> None:
    options = connector_options("warehouse", None, where="task")
    assert options == {"config_key": "warehouse", "credentials": None}


@pytest.mark.parametrize("nothing", [None, ""])
def test_missing_credentials_are_fatal_and_say_what_to_pass(nothing: Any) -> None:
    with pytest.raises(MissingSourceCredentialsError) as caught:
        connector_options(nothing, nothing, where="lake_to_df")
    assert isinstance(caught.value, FatalError)
    assert "Where: lake_to_df. Next: pass either `config_key` or" in str(caught.value)
