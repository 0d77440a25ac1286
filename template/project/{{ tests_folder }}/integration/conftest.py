"""Prefect's server for the tests of this folder, started once."""

from collections.abc import Iterator

from prefect.testing.utilities import prefect_test_harness
import pytest


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Run flows against a temporary Prefect server with a database of its own."""
    with pytest.MonkeyPatch.context() as patch:
        # Telemetry writes while the server starts: "database is locked".
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        with prefect_test_harness(server_startup_timeout=120):
            yield
