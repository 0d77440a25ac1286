import contextvars
import threading
import time
from collections.abc import Callable

import pytest
from runtime.waiting import OverdueError, read_ahead, wait_for


def nothing() -> None:
    """Cancel nothing."""


def test_items_come_in_their_order() -> None:
    def produce(put: Callable[[int], None]) -> None:
        for number in range(100):
            put(number)

    assert list(read_ahead(produce, cancel=nothing, seconds=60)) == [*range(100)]


def test_an_error_comes_after_the_items() -> None:
    def produce(put: Callable[[int], None]) -> None:
        put(1)
        raise KeyError

    items = read_ahead(produce, cancel=nothing, seconds=60)
    assert next(items) == 1
    with pytest.raises(KeyError):
        next(items)


def test_it_makes_no_more_than_is_taken() -> None:
    made = []

    def produce(put: Callable[[int], None]) -> None:
        for number in range(100):
            made.append(number)
            put(number)

    items = read_ahead(produce, cancel=nothing, seconds=60)
    assert next(items) == 0
    items.close()
    assert len(made) <= 3  # one is taken, one waits, one is being put


@pytest.mark.parametrize("seconds", [0.1, 60])
def test_a_blocked_producer_is_cancelled_in_the_end(
    seconds: float,
) -> None:
    released = threading.Event()

    def produce(put: Callable[[int], None]) -> None:
        put(1)
        released.wait()

    items = read_ahead(produce, cancel=released.set, seconds=seconds)
    next(items)
    if seconds < 1:
        with pytest.raises(OverdueError):
            next(items)
    items.close()
    assert released.is_set()


def test_a_result_is_returned_and_an_error_raised() -> None:
    assert wait_for(lambda: 7, seconds=60) == 7
    with pytest.raises(ZeroDivisionError):
        wait_for(lambda: 1 // 0, seconds=60)


def test_what_takes_too_long_is_told_to_end() -> None:
    released, ended = threading.Event(), threading.Event()

    def work() -> None:
        released.wait()
        ended.set()

    with pytest.raises(OverdueError):
        wait_for(work, seconds=0.1, cancel=released.set)
    assert ended.wait(10)


def test_what_has_ended_is_not_cancelled() -> None:
    cancelled = threading.Event()

    def produce(put: Callable[[int], None]) -> None:
        put(1)
        put(2)

    items = read_ahead(produce, cancel=cancelled.set, seconds=60)
    assert next(items) == 1
    time.sleep(0.2)  # until the second waits in the queue, and the end behind it
    items.close()
    assert not cancelled.is_set()


def test_an_error_of_the_work_s_own_kind_is_not_ours() -> None:
    def work() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        wait_for(work, seconds=60)


def test_work_knows_the_context_of_its_caller() -> None:
    run = contextvars.ContextVar("run", default="none")
    run.set("this one")
    assert wait_for(run.get, seconds=60) == "this one"
