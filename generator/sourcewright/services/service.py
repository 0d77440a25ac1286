"""Something that runs while its context is entered, and leaves nothing behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Service(ABC):
    """A server on this machine; `port` is 0 until it is entered."""

    def __init__(self, port: int | None) -> None:
        """Prepare a server for `port`, or for any free port; entering starts it."""
        self.port = 0
        self._wanted_port = port
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        """Start the server and wait until it answers.

        Raises:
            SourcewrightError: the port is taken, or the server doesn't start.
        """
        with ExitStack() as stack:
            self._start(stack)
            self._cleanup = stack.pop_all()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server and remove its files."""
        self._cleanup.close()

    @abstractmethod
    def _start(self, stack: ExitStack) -> None:
        """Start the server; what has to be undone goes onto `stack`."""
