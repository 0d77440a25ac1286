"""Ways to stop a load at one of its requests."""

import os
import signal
from typing import Literal

from tests.proxy import Fate, Request

# It is killed before the request arrives, or before the answer does; the connection
# breaks for good; the token has ended; one answer is lost.
Way = Literal["kill before", "kill after", "break off", "refuse", "lose the answer"]
WAYS: tuple[Way, ...] = (
    *("kill before", "kill after"),
    *("break off", "refuse", "lose the answer"),
)


class StopAt:
    """Stops a load at one of its requests."""

    def __init__(self, request: int, way: Way, process: int) -> None:
        """Stop the process at the request of this number, counted from 1."""
        self._request, self._way, self._process = request, way, process
        self._count = 0
        self.reached: Request | None = None

    def __call__(self, request: Request) -> Fate:
        """Decide about a request, as a proxy's rule."""
        self._count += 1
        if self._count == self._request:
            self.reached = request
            if self._way == "kill before":
                os.kill(self._process, signal.SIGKILL)
                return "break off"
            if self._way == "lose the answer":
                return "lose the answer"
        if self._count >= self._request:
            if self._way == "break off":
                return "break off"
            if self._way == "refuse":
                return "refuse"
        return "pass"

    def arrived(self, request: Request) -> None:
        """Kill the process once the request was answered, if that is the way."""
        if self._way == "kill after" and request is self.reached:
            os.kill(self._process, signal.SIGKILL)
