"""CPU time of a call, as the best of several: machines are shared, so only ratios within one run mean anything."""

from __future__ import annotations

import time
from collections.abc import Callable


def cpu_seconds(call: Callable[[], object], repeat: int = 7) -> float:
    """Least CPU time of ``repeat`` calls of this process, all threads together; one more call warms up."""
    call()
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best
