from ..contracts.sql import LiveSQLContract
from .live import mysql


class TestMySQL(LiveSQLContract):
    live = mysql
