"""Sourcewright: data connectors and Prefect flows, generated into your repository."""
