from ..contracts.sql import LiveSQLContract
from .live import sqlite


class TestSQLite(LiveSQLContract):
    live = sqlite
