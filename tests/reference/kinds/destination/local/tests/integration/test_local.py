from ..contracts.destination import LiveFileContract
from .live import local


class TestLocalFolder(LiveFileContract):
    live = local
