"""The package, as its users import it."""

from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "config",
        "exceptions",
        "orchestration.prefect.exceptions",
        "orchestration.prefect.flows",
        "orchestration.prefect.tasks",
        "orchestration.prefect.utils",
        "signals",
        "sources",
        "utils",
    ],
)
def test_a_module_has_the_names_that_it_exports(module: str) -> None:
    found = import_module(f"acme.{module}")
    assert found.__doc__
    assert all(hasattr(found, name) for name in getattr(found, "__all__", []))
