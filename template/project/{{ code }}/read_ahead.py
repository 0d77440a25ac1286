"""Read ahead in a thread, so that reading and writing go on side by side."""

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
import queue
import threading
import time
from typing import TypeVar

# How often the waiting side looks up: an interrupt and the deadline can't come later.
POLL_SECONDS = 0.25
END_SECONDS = 5.0


T = TypeVar("T")


class _StoppedError(Exception):
    """Nobody waits for further items."""


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def read_ahead(
    produce: Callable[[Callable[[T], None]], None],
    *,
    cancel: Callable[[], None],
    seconds: float,
    most: int = 1,
) -> Generator[T, None, None]:
    """Yield the items that `produce` makes in a thread of its own, ahead of need.

    Args:
        produce: Is called with a function that takes an item, and waits while `most`
            are there already. An error that it raises is raised here, after the items.
        cancel: Makes `produce` return soon, even from a blocking call. Is called from
            this side when the iteration ends before `produce` does.
        seconds: How long to wait for all items, in which the time counts that they are
            worked on here.
        most: How many items may wait to be taken.

    Raises:
        TimeoutError: `produce` took longer.
    """
    items: queue.Queue[T | _End] = queue.Queue(most)
    stopped = threading.Event()

    def put(item: T | _End) -> None:
        while not stopped.is_set():
            with suppress(queue.Full):
                items.put(item, timeout=POLL_SECONDS)
                return
        raise _StoppedError

    def work() -> None:
        end = _End(None)
        try:
            produce(put)
        except BaseException as err:  # noqa: BLE001 - it is raised on the other side
            end = _End(err)
        with suppress(_StoppedError):
            put(end)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            try:
                item = items.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                thread.join()
                if item.error:
                    raise item.error
                return
            yield item
        raise TimeoutError
    finally:
        stopped.set()
        if thread.is_alive():
            cancel()
        thread.join(END_SECONDS)
