"""What every connector is held to that needs an extra. Inherit, and name both."""

import importlib.util
import sys
from typing import Any, ClassVar

import pytest

from acme.exceptions import MissingExtraError


class ExtraContract:
    """Without its extra, a connector can be imported, but not made."""

    connector: ClassVar[type[Any]]
    needs: ClassVar[str]  # a module that the extra installs
    extra: ClassVar[str]

    @pytest.fixture
    def _without_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in list(sys.modules):
            if name.partition(".")[0] == self.needs:
                monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, self.needs, None)

    @pytest.mark.usefixtures("_without_extra")
    def test_its_module_can_be_imported(self) -> None:
        spec = importlib.util.find_spec(self.connector.__module__)
        assert spec
        assert spec.loader
        again = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(again)
        assert hasattr(again, self.connector.__name__)

    @pytest.mark.usefixtures("_without_extra")
    def test_its_error_names_the_extra(self) -> None:
        with pytest.raises(MissingExtraError) as caught:
            self.connector(config_key="any")
        assert f"[{self.extra}]" in caught.value.next_step
