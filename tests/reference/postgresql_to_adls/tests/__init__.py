"""Tests: unit (need no server), integration (need one), contracts (what both share)."""
