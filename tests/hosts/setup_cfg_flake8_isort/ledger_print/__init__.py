"""Prints ledgers."""

from ledger_print.rows import Row, total

__version__ = "4.1.0"
__all__ = ("Row", "total")
