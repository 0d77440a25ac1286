"""Optional dependencies: see `acme.runtime.extras`."""

from acme.runtime.extras import skip_test_on_missing_extra

__all__ = ["skip_test_on_missing_extra"]
