"""Destinations of files: their formats, and where the files are stored."""
