from pathlib import Path

import pytest

from acme.config import (
    config_path,
    get_source_config,
    get_source_credentials,
)
from acme.exceptions import ConfigError
from ..contracts.shown import everything_shown

DEFAULT_PATH = "~/.config/acme/config.yaml"
PATH_VARIABLE = "ACME_CONFIG_PATH"
PASSWORD_VARIABLE = "ACME__WAREHOUSE__PASSWORD"
ACCOUNT_VARIABLE = "ACME__LAKE__ACCOUNT_NAME"
VALID = """\
version: 1
sources:
  - warehouse:
      class: PostgreSQL
      credentials:
        host: localhost
        password: from-the-file
  - empty:
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(VALID, encoding="utf-8")
    monkeypatch.setenv(PATH_VARIABLE, str(path))
    return path


def test_a_config_key_gives_its_class_and_its_credentials(config: Path) -> None:
    entry = get_source_config("warehouse")
    assert entry["class"] == "PostgreSQL"
    assert entry["credentials"]["host"] == "localhost"


def test_a_config_key_without_content_has_no_credentials(config: Path) -> None:
    config.write_text("sources:\n  - empty: {}\n", encoding="utf-8")
    assert get_source_credentials("empty") == {}


def test_the_environment_takes_precedence(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "from-the-environment")
    credentials = get_source_credentials("warehouse")
    assert credentials["password"] == "from-the-environment"


def test_the_environment_alone_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "none.yaml"))
    monkeypatch.setenv(ACCOUNT_VARIABLE, "account")
    assert get_source_credentials("lake") == {"account_name": "account"}


def test_an_unknown_key_is_named_with_the_known_ones(config: Path) -> None:
    with pytest.raises(ConfigError, match=r"'lake'.*empty, warehouse"):
        get_source_config("lake")


def test_without_a_file_every_key_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigError, match=r"none\.yaml \(keys: none\)"):
        get_source_config("warehouse")


def test_without_a_variable_the_file_is_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(PATH_VARIABLE, raising=False)
    assert config_path() == Path(DEFAULT_PATH).expanduser()


def test_broken_yaml_is_reported_by_line_without_its_text(config: Path) -> None:
    config.write_text("sources:\n  - a: {password: canary\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 3") as caught:
        get_source_config("a")
    assert "canary" not in everything_shown(caught.value)


@pytest.mark.parametrize("content", ["[]", "sources: {}", "sources:\n  - a: [1]\n"])
def test_another_shape_is_refused(config: Path, content: str) -> None:
    config.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError):
        get_source_config("a")


def test_a_folder_in_the_place_of_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path))
    with pytest.raises(ConfigError, match="can't be read"):
        get_source_config("warehouse")
