"""Rows of a ledger."""

from decimal import Decimal
import typing


class Row(typing.NamedTuple):
    """An amount, and what it is for."""

    text: str
    amount: Decimal


def total(rows):
    """Add the amounts up."""
    return sum((row.amount for row in rows), Decimal(0))
