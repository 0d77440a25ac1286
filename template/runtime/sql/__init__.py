"""Sources that are read by SQL queries: one module for each dialect."""
