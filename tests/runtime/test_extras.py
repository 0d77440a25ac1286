import sys

import pytest
from runtime.exceptions import MissingExtraError
from runtime.extras import Lazy, require_extra, skip_test_on_missing_extra


def test_a_missing_dependency_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(MissingExtraError) as caught:
        require_extra("Lake", "no_such_module_anywhere", "acme[lake]")
    assert "Lake needs the module `no_such_module_anywhere`" in str(caught.value)
    assert caught.value.next_step == "run: pip install 'acme[lake]'"


def test_an_installed_dependency_is_no_error() -> None:
    require_extra("Lake", "json", "acme[lake]")


def test_a_test_module_without_its_extra_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="'lake' for source 'Lake'"):
        skip_test_on_missing_extra("Lake", extra="lake")


def test_a_lazy_module_is_imported_when_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = Lazy("colorsys")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert "colorsys" in sys.modules
    missing = Lazy("no_such_module_anywhere")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        missing.anything  # noqa: B018 - reading it is the use
