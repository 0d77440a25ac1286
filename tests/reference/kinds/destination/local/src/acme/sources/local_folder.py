"""Write to a local folder."""

from acme.runtime.files import local


class LocalFolder(local.LocalFolder):
    """A folder. Paths are relative to it.

    Credentials: `root`, which must exist.
    """
