"""Python reads this at its start: hide the packages that the variable HIDDEN names.

The finder of installed packages finds them no more, as where they are not installed.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

HIDDEN = set(os.environ.get("HIDDEN", "").split())


class Finder(PathFinder):
    """Finds what `PathFinder` does, except what is hidden."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module, as `PathFinder` does."""
        if fullname in HIDDEN:
            return None
        return super().find_spec(fullname, path, target)


sys.meta_path = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
