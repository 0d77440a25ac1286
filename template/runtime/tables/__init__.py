"""Destinations of tables."""
