from ..contracts.sql import LiveSQLContract
from .live import mariadb


class TestMariaDB(LiveSQLContract):
    live = mariadb
