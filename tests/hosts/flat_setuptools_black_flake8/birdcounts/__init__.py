from .tally import tally  # noqa: F401
