"""Rates of parcels."""
