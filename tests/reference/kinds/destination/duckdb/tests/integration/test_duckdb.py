from ..contracts.destination import LiveTableContract
from .live import duckdb


class TestDuckDBTables(LiveTableContract):
    live = duckdb
