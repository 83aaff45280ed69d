"""CPU time of a call, as the best of several: machines are shared, so only ratios within one run mean anything.

And what looks on beside a block of work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def cpu_seconds(call: Callable[[], object], repeat: int = 7) -> float:
    """Least CPU time of ``repeat`` calls of this process, all threads together; one more call warms up."""
    call()
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


@contextmanager
def beside(look_on: Callable[[threading.Event], object]) -> Iterator[None]:
    """Run ``look_on`` in a thread of its own until the block ends; the event that it is given says so."""
    over = threading.Event()
    thread = threading.Thread(target=look_on, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
