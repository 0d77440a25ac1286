"""Read ahead in a thread, so that reading and writing overlap."""

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
import queue
import threading
import time
from typing import TypeVar

# How often a waiting side wakes up: an interrupt or the deadline is noticed by then.
POLL_SECONDS = 0.25
END_SECONDS = 5.0

T = TypeVar("T")


class _StoppedError(Exception):
    """The consumer takes no further items."""


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
    """Yield the items that `produce` makes, ahead of need, in a thread of its own.

    Args:
        produce: Called with a function that takes an item, and that blocks while `most`
            items are waiting. An error of `produce` is raised here, after its items.
        cancel: Makes `produce` return soon, even from a blocking call. Called from this
            side if the iteration ends before `produce` does.
        seconds: The time limit for all items, including the consumer's own work.
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
        except BaseException as err:  # noqa: BLE001 - raised on the other side
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
