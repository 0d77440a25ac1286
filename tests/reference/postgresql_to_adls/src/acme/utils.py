"""Small functions that sources, destinations and tests share."""

from importlib.util import find_spec

from acme.exceptions import MissingExtraError


def require_extra(name: str, module: str, extra: str) -> None:
    """Raise where an optional dependency isn't installed.

    Args:
        name: The connector that needs it.
        module: The module that has to be importable.
        extra: The extra of this package that installs it.

    Raises:
        MissingExtraError: `module` can't be found.
    """
    if find_spec(module) is None:
        raise MissingExtraError(
            f"{name} needs the package that provides `{module}`.",
            f'extra "{extra}"',
            f"run: pip install 'acme[{extra}]'",
        )


def skip_test_on_missing_extra(source_name: str, extra: str) -> None:
    """Skip the test module that calls this, saying which extra it misses.

    Args:
        source_name: The connector that can't be tested.
        extra: The extra that installs what it needs.
    """
    import pytest  # noqa: PLC0415 - only tests call this; pytest isn't a dependency

    pytest.skip(
        f"Missing required extra '{extra}' for source '{source_name}'.",
        allow_module_level=True,
    )
