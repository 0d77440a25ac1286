from ..contracts.sql import LiveSQLContract
from .live import generic


class TestGenericSQL(LiveSQLContract):
    live = generic
