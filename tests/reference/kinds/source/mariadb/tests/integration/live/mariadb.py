"""The MariaDB server that integration tests read from; they write nothing."""

CONFIG_KEY = "mariadb_test"
QUERY = (
    "SELECT number, 'ø' AS text FROM "
    "(SELECT 1 AS number UNION SELECT 2 UNION SELECT 3) AS numbers ORDER BY number"
)
