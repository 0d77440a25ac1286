from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .zendesk import Zendesk

__all__ = ["Zendesk"]
