"""Tests: unit (no server), contracts (what they share), integration (real servers)."""
