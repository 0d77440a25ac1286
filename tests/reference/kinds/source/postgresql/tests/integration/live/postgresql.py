"""The PostgreSQL server that integration tests read from; they write nothing."""

CONFIG_KEY = "postgresql_test"
QUERY = "SELECT generate_series(1, 3) AS number, 'ø'::text AS text"
