"""The database that integration tests read from; they write nothing."""

CONFIG_KEY = "generic_test"
QUERY = (
    "SELECT 1 AS number, 'ø' AS text UNION ALL SELECT 2, 'ø' UNION ALL SELECT 3, 'ø'"
)
