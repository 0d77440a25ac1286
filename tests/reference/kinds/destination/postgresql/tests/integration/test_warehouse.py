from ..contracts.destination import LiveTableContract
from .live import warehouse


class TestWarehouse(LiveTableContract):
    live = warehouse
