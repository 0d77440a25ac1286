"""The harbour."""
