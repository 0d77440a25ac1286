"""Orchestration: how connectors are run."""
