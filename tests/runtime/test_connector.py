from typing import Any, ClassVar

import pytest
from pydantic import SecretStr
from runtime.config import FIELD_VARIABLE_PREFIX
from runtime.connector import Connector, Credentials, first_line
from runtime.exceptions import ConfigError, CredentialError, MissingExtraError

from tests.runtime.shown import everything_shown


class ShopCredentials(Credentials):
    host: str
    port: int = 80
    password: SecretStr | None = None


class Shop(Connector):
    credentials_model: ClassVar[type[Credentials]] = ShopCredentials
    credentials: ShopCredentials


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "Neither is given"),
        ({"config_key": "shop", "credentials": {"host": "shop"}}, "Both are given"),
        ({"credentials": {}}, "host: Field required"),
        ({"credentials": {"host": "shop", "pasword": "canary"}}, "pasword: Extra"),
        ({"credentials": {"host": "shop", "port": "canary"}}, "port: Input should"),
        ({"credentials": {"host": ["canary"]}}, "host: Input should"),
    ],
)
def test_wrong_credentials_name_their_field_and_show_no_value(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CredentialError, match=problem) as caught:
        Shop(**arguments)
    assert caught.value.where
    assert caught.value.next_step
    assert "canary" not in everything_shown(caught.value)


def test_credentials_of_a_config_key_are_validated_like_given_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{FIELD_VARIABLE_PREFIX}SHOP__HOST", "localhost")
    monkeypatch.setenv(f"{FIELD_VARIABLE_PREFIX}SHOP__PORT", "81")
    shop = Shop(config_key="shop")
    assert (shop.credentials.host, shop.credentials.port) == ("localhost", 81)
    with pytest.raises(ConfigError, match="no config key 'other'"):
        Shop(config_key="other")


def test_credentials_cannot_be_changed() -> None:
    shop = Shop(credentials={"host": "localhost"})
    with pytest.raises(ValueError, match="frozen"):
        shop.credentials.host = "elsewhere"


def test_a_connector_shows_only_its_config_key(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Shop(credentials={"host": "canary", "password": "canary"})
    assert repr(given) == "Shop(given credentials)"
    assert "canary" not in repr(given.credentials.password)
    monkeypatch.setenv(f"{FIELD_VARIABLE_PREFIX}SHOP__HOST", "canary")
    assert repr(Shop(config_key="shop")) == "Shop(config key 'shop')"


def test_a_missing_extra_is_named_before_anything_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Shop, "requires", ("no_such_module_anywhere", "acme[shop]"))
    with pytest.raises(MissingExtraError, match=r"Shop .*acme\[shop\]"):
        Shop()


def test_the_first_line_of_an_error_has_no_full_stop() -> None:
    assert first_line(ValueError("\nIt broke.\nDETAIL: canary")) == "It broke"
    assert first_line(ValueError()) == ""
