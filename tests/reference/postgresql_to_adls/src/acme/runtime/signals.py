"""Signals: raised when nothing is wrong, but there is nothing to do."""


class SKIP(Exception):  # noqa: N818 - viadot's name
    """Raised instead of returning an empty result, if `if_empty` is "skip"."""
