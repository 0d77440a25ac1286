"""The SQLite database that integration tests read from; they write nothing."""

CONFIG_KEY = "sqlite_test"
QUERY = (
    "SELECT CAST(column1 AS INTEGER) AS number, 'ø' AS text FROM (VALUES (1), (2), (3))"
)
