"""The errors of connectors: see `acme.runtime.exceptions`."""

from acme.runtime.exceptions import *  # noqa: F403
