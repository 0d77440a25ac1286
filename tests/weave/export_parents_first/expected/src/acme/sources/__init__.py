from .. import root
from ..base import Source
from . import other
from .postgresql import PostgreSQL
from .zendesk import Zendesk

__all__ = ["PostgreSQL", "Source", "Zendesk", "other", "root"]
