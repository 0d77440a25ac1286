"""Wait for what may never come: within a limit, and so that an interrupt comes through.

A driver that waits for a server lets no signal and no time limit of Prefect through. So
its calls run in threads, which the caller waits for in short steps. A thread that can't
be stopped is left behind; it doesn't keep the program from ending.
"""

from collections.abc import Callable, Generator
from concurrent import futures
from contextlib import suppress
import contextvars
from dataclasses import dataclass
import os
import queue
import socket
import threading
import time
from typing import TypeVar

# How often a waiting side wakes up: an interrupt or the deadline is noticed by then.
POLL_SECONDS = 0.25
END_SECONDS = 0.5  # how long work that was cancelled is waited for

T = TypeVar("T")


class OverdueError(Exception):
    """Work took longer than its limit. Connectors raise their own error instead."""


def start(work: Callable[[], T]) -> futures.Future[T]:
    """Begin work in a thread of its own."""
    future: futures.Future[T] = futures.Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as err:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(err)
        else:
            future.set_result(result)

    # Prefect knows its run by a context variable.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True).start()
    return future


def result_of(
    future: futures.Future[T], *, seconds: float, cancel: Callable[[], object]
) -> T:
    """Return the result of work that has begun, or raise its error.

    Args:
        future: The work.
        seconds: The time limit, from now on.
        cancel: Makes the work end soon, if it can. Called if it isn't done in time, or
            if the waiting is interrupted.

    Raises:
        OverdueError: It took longer.
    """
    deadline = time.monotonic() + seconds
    ended = False
    try:
        while not ended and time.monotonic() < deadline:
            ended = bool(futures.wait([future], timeout=POLL_SECONDS).done)
    finally:
        if not ended:
            cancel()
            futures.wait([future], timeout=END_SECONDS)
    if not ended:
        raise OverdueError
    return future.result()


def wait_for(
    work: Callable[[], T],
    *,
    seconds: float,
    cancel: Callable[[], object] = lambda: None,
) -> T:
    """Do work in a thread, and return its result. As `start` and `result_of`."""
    return result_of(start(work), seconds=seconds, cancel=cancel)


def cut(descriptor: int) -> None:
    """Shut down a connection, so that whoever waits for it gets an error."""
    # A copy of the descriptor, since the driver closes its own.
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)


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
        OverdueError: `produce` took longer.
    """
    items: queue.Queue[T | _End] = queue.Queue(most)
    stopped, produced = threading.Event(), threading.Event()

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
        produced.set()
        with suppress(_StoppedError):
            put(end)

    working = start(work)
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            try:
                item = items.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                working.result()
                if item.error:
                    raise item.error
                return
            yield item
        raise OverdueError
    finally:
        stopped.set()
        if not produced.is_set():
            with suppress(Exception):  # it may have ended by now, and have closed all
                cancel()
        futures.wait([working], timeout=END_SECONDS)
