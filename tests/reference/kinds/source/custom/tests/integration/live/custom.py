"""What integration tests read from custom; they write nothing."""

CONFIG_KEY = "custom_test"
QUERY = "3"
