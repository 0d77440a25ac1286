"""Signals: what a connector raises if nothing is wrong, but there is nothing to do."""

from acme.runtime.signals import SKIP

__all__ = ["SKIP"]
