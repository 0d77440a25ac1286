"""What is in the cellar."""

from importlib import import_module

__version__ = "1.2"

_PLACES = {"Bottle": "cellar.bottle", "oldest": "cellar.bottle"}


def __getattr__(name: str) -> object:
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(name)
