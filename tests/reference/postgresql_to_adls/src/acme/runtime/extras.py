"""Optional dependencies: which one is missing, and how to install it."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .exceptions import MissingExtraError


class Lazy:
    """A module that is imported when one of its names is first used.

    So importing a connector's module loads no driver, and works without one.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)


def require_extra(name: str, module: str, install: str) -> None:
    """Raise if an optional dependency isn't installed.

    Args:
        name: The connector or the method that needs it.
        module: The module that must be importable.
        install: What pip installs for it: `acme[adls]`.

    Raises:
        MissingExtraError: `module` can't be found.
    """
    if find_spec(module) is None:
        raise MissingExtraError(
            f"{name} needs the module `{module}`, which is not installed.",
            next_step=f"run: pip install '{install}'",
        )


def skip_test_on_missing_extra(source_name: str, extra: str) -> None:
    """Skip the test module that calls this, and name the extra that it needs.

    Args:
        source_name: The connector that can't be tested.
        extra: The extra that installs its dependencies.
    """
    import pytest  # noqa: PLC0415 - only tests call this; pytest isn't a dependency

    pytest.skip(
        f"Missing required extra '{extra}' for source '{source_name}'.",
        allow_module_level=True,
    )
