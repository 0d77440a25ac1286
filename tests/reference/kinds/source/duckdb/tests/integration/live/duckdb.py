"""The DuckDB database that integration tests read from; they write nothing."""

CONFIG_KEY = "duckdb_test"
QUERY = "SELECT number, 'ø' AS text FROM (VALUES (1), (2), (3)) AS numbers (number)"
