"""Tests against real servers; each is skipped where its config key is missing."""
