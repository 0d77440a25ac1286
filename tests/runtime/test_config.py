import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from runtime import config as config_module
from runtime import exceptions
from runtime.config import config_path, get_source_config, get_source_credentials
from runtime.exceptions import ConfigError

from tests.runtime.shown import everything_shown

DEFAULT_PATH = "~/.config/runtime/config.yaml"
PATH_VARIABLE = "RUNTIME_CONFIG_PATH"
PASSWORD_VARIABLE = "RUNTIME__WAREHOUSE__PASSWORD"
ACCOUNT_VARIABLE = "RUNTIME__LAKE__ACCOUNT_NAME"
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


def test_a_config_key_has_a_class_and_credentials(config: Path) -> None:
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


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "canary",
        "sources: {canary: canary}",
        "sources:\n  - canary\n",
        "sources:\n  - a: [canary]\n",
        "sources:\n  - a: {credentials: [canary]}\n",
        "sources:\n  - a: {credentials: canary}\n",
    ],
)
def test_another_shape_is_refused(config: Path, content: str) -> None:
    config.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="no list `sources`") as caught:
        get_source_config("a")
    assert "canary" not in everything_shown(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"sources: canary\x00",
        b"sources: \xff canary",
        b"sources: !!int canary",
        b"sources: 2024-13-32 # canary",
        b"sources: !!python/name:canary",
    ],
)
def test_a_value_that_cannot_be_read_is_not_shown(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        get_source_config("a")
    assert "canary" not in everything_shown(caught.value)


def test_a_folder_instead_of_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path))
    with pytest.raises(ConfigError, match="can't be read"):
        get_source_config("warehouse")


@pytest.mark.parametrize("variable", [ACCOUNT_VARIABLE, "RUNTIME__LAKE"])
def test_an_empty_variable_or_one_without_a_field_is_no_credential(
    config: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "" if variable == ACCOUNT_VARIABLE else "canary")
    with pytest.raises(ConfigError, match="no config key 'lake'"):
        get_source_config("lake")


def test_a_key_that_is_there_twice_is_refused(config: Path) -> None:
    config.write_text("sources:\n  - lake: {}\n  - shop: {}\n  - lake: {}\n")
    with pytest.raises(ConfigError, match="has the key 'lake' twice"):
        get_source_config("shop")


@pytest.mark.parametrize(
    ("text", "twice", "line"),
    [
        ("sources:\n  - lake: {}\n    lake: {}\n", "lake", 3),
        ("sources:\n  - a: {credentials: {host: canary, host: canary}}\n", "host", 2),
    ],
)
def test_a_field_that_is_there_twice_is_refused(
    config: Path, text: str, twice: str, line: int
) -> None:
    config.write_text(text)
    match = f"has '{twice}' twice.*line {line}"
    with pytest.raises(ConfigError, match=match) as caught:
        get_source_config("lake")
    assert "canary" not in everything_shown(caught.value)


def test_a_variable_belongs_to_the_longest_key(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("sources:\n  - a: {}\n  - a__b: {}\n")
    monkeypatch.setenv("RUNTIME__A__PASSWORD", "of a")
    monkeypatch.setenv("RUNTIME__A__B__PASSWORD", "of a__b")
    assert get_source_credentials("a") == {"password": "of a"}
    assert get_source_credentials("a__b") == {"password": "of a__b"}


@pytest.mark.parametrize("value", ["123456", '"quoted"', "null", "[1]", " spaced "])
def test_a_value_of_the_environment_is_taken_literally(
    config: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, value)
    assert get_source_credentials("warehouse")["password"] == value


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("acme", "ACME_CONFIG_PATH ACME__ ~/.config/acme/config.yaml"),
        (
            "acme.ingest",
            "ACME_INGEST_CONFIG_PATH ACME_INGEST__ ~/.config/acme_ingest/config.yaml",
        ),
    ],
)
def test_the_names_come_from_the_package_that_holds_the_runtime(
    tmp_path: Path, package: str, expected: str
) -> None:
    folder = tmp_path.joinpath(*package.split("."), "runtime")
    folder.mkdir(parents=True)
    for module in (config_module, exceptions):
        shutil.copy(str(module.__file__), folder)
    program = (
        f"from {package}.runtime import config\n"
        "print(config.PATH_VARIABLE, config.FIELD_VARIABLE_PREFIX, config.DEFAULT_PATH)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected
