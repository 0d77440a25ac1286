"""Prefect tasks and flows over the connectors."""
