"""Signals: what a connector raises when nothing is wrong but there is nothing to do."""


class SKIP(Exception):  # noqa: N818 - viadot's name
    """Raised instead of returning an empty result, where `if_empty="skip"`."""
