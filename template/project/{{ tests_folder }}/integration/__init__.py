"""Tests against real systems; each is skipped if its config key is missing."""
