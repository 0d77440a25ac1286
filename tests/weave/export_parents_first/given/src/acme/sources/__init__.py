from .. import root
from ..base import Source
from . import other
from .zendesk import Zendesk

__all__ = ["Source", "Zendesk", "other", "root"]
