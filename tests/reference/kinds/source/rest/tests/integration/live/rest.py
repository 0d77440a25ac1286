"""The REST API that integration tests read from; they write nothing."""

CONFIG_KEY = "rest_test"
QUERY = "orders?status=open"
