from ..contracts.sql import LiveSQLContract
from .live import postgresql


class TestPostgreSQL(LiveSQLContract):
    live = postgresql
