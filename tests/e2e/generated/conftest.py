"""What the tests of the generated code share."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import golden as template
from tests.e2e.generated.parts import copy_golden
from tests.once import Once

# So that its assertions say what they compared.
pytest.register_assert_rewrite("tests.e2e.generated.dialects")


@pytest.fixture(scope="session")
def golden(once: Once) -> Path:
    """Copy the golden once, to import from; nobody changes it."""
    return (
        once.folder("golden", lambda folder: copy_golden(folder / "project"))
        / "project"
    )


@pytest.fixture(scope="session")
def with_local(once: Once) -> Path:
    """Add the destination `local`, and a flow to it, to a copy of the golden."""

    def make(folder: Path) -> None:
        template.render(
            copy_golden(folder / "project"),
            [
                ["component=destination", "name=local"],
                ["component=flow", "source=postgresql", "destination=local"],
            ],
        )

    return once.folder("with-local", make) / "project"


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """Hold a port on which nobody listens, so that nobody else takes it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        yield port
