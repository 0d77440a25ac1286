from ..contracts.sql import LiveSQLContract
from .live import duckdb


class TestDuckDB(LiveSQLContract):
    live = duckdb
