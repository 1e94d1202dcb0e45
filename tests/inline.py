"""A pool of threads without threads: for histories and simulations, which need the same order each time."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class Inline(Executor):
    """Does each piece of work as it is submitted. What it raises ends the caller, as the end of a process does."""

    def __init__(self, most: int) -> None:
        """`most`: threads, of which there is one."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
