from typing import TYPE_CHECKING

from .postgresql import PostgreSQL

if TYPE_CHECKING:
    from .zendesk import Zendesk

__all__ = ["PostgreSQL", "Zendesk"]
