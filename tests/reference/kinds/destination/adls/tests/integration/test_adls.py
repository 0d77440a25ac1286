from ..contracts.destination import LiveFileContract
from .live import adls


class TestAzureDataLake(LiveFileContract):
    live = adls
