"""The Microsoft SQL Server database that integration tests read from; they write nothing."""

CONFIG_KEY = "mssql_test"
QUERY = "SELECT number, N'ø' AS text FROM (VALUES (1), (2), (3)) AS numbers (number)"
