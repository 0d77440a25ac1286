from ..contracts.sql import LiveSQLContract
from .live import oracle


class TestOracle(LiveSQLContract):
    live = oracle
