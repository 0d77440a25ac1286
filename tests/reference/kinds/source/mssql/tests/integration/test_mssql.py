from ..contracts.sql import LiveSQLContract
from .live import mssql


class TestMSSQL(LiveSQLContract):
    live = mssql
