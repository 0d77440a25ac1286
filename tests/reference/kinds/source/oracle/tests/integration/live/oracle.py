"""The Oracle Database that integration tests read from; they write nothing."""

CONFIG_KEY = "oracle_test"
QUERY = """SELECT LEVEL AS "number", 'ø' AS "text" FROM dual CONNECT BY LEVEL <= 3"""
