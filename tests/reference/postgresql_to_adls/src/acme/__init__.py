"""Acme Pipelines: data connectors, and the Prefect tasks and flows over them."""
