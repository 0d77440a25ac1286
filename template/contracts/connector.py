"""The contract of connectors, which needs no server."""

from importlib.util import find_spec, module_from_spec
import logging
import sys
from typing import Any, ClassVar

import pytest

from .errors import everything_shown, is_a, raises


class ConnectorContract:
    """What every source and every destination keeps."""

    connector: ClassVar[Any]
    secret: ClassVar[str]  # a value that `credentials` hold, and nothing may show
    credentials: ClassVar[dict[str, Any]]  # valid ones

    def test_it_is_exported(self) -> None:
        package = sys.modules[self.connector.__module__.rpartition(".")[0]]
        assert getattr(package, self.connector.__name__) is self.connector
        assert self.connector.__name__ in package.__all__

    def test_it_says_what_it_is(self) -> None:
        assert self.connector.__doc__
        shown = repr(self.connector(credentials=self.credentials))
        assert self.connector.__name__ in shown

    def test_it_wants_one_kind_of_credentials(self) -> None:
        with raises("CredentialError", match="Neither"):
            self.connector()
        with raises("CredentialError", match="Both"):
            self.connector(config_key="any", credentials=self.credentials)

    def test_a_misspelt_field_is_named_and_no_value_is_shown(self) -> None:
        with raises("CredentialError", match="pasword") as caught:
            self.connector(credentials={**self.credentials, "pasword": self.secret})
        assert self.secret not in everything_shown(caught.value)

    def test_its_repr_shows_no_secret(self) -> None:
        connector = self.connector(credentials=self.credentials)
        shown = f"{connector!r} {connector.credentials!r} {vars(connector)}"
        assert self.secret not in shown


class ServerContract(ConnectorContract):
    """The same for a source behind a server; no server is where `credentials` lead."""

    query = "SELECT 1 AS one"

    def test_it_connects_only_to_read(self) -> None:
        self.connector(credentials=self.credentials).to_batches(self.query)

    def test_a_missing_server_is_worth_a_retry(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = self.connector(credentials=self.credentials)
        with caplog.at_level(logging.DEBUG), pytest.raises(Exception) as caught:  # noqa: PT011
            source.to_arrow(self.query)
        if is_a(caught.value, "MissingExtraError"):  # a library of the machine
            pytest.skip(str(caught.value))
        assert is_a(caught.value, "RetriableError"), repr(caught.value)
        text = str(caught.value)
        assert "Where: " in text
        assert "Next: " in text
        assert self.secret not in caplog.text + everything_shown(caught.value)


class ExtraContract:
    """What a connector keeps that requires an extra; it is skipped without the extra."""

    connector: ClassVar[Any]

    @pytest.fixture(autouse=True)
    def _skip_without_its_extra(self) -> None:
        module, install = self.connector.requires
        pytest.importorskip(module, reason=f"it needs {install}")

    def test_without_its_extra_only_its_module_can_be_used(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        module, install = self.connector.requires
        for name in [module, *sys.modules]:
            if name.partition(".")[0] == module:
                monkeypatch.setitem(sys.modules, name, None)
        spec = find_spec(self.connector.__module__)
        assert spec
        assert spec.loader
        again = module_from_spec(spec)
        spec.loader.exec_module(again)
        with raises("MissingExtraError") as caught:
            getattr(again, self.connector.__name__)(config_key="any")
        assert install in str(caught.value)
