"""The REST API that integration tests read from; they write nothing."""

CONFIG_KEY = "api_3_test"
QUERY = "orders?status=open"
