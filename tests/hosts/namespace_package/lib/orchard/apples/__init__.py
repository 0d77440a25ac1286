import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchard.apples.sorts import Sort

__all__: list[str] = []
if sys.version_info >= (3, 11):
    __all__ += ["Sort"]
