"""What one question to the store has told, taken again after some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sohoa.errors import SohoaError
from sohoa.logs import get_logger

log = get_logger(__name__)

FRESH_SECONDS = 10.0
"""For so long a listing is taken as it is."""
KEPT_SECONDS = 600.0
"""For so long an older one still serves, while a new one is made behind it; after that the asker waits."""
T = TypeVar("T")


class Listing(Generic[T]):
    """What one question to the store has told."""

    def __init__(self, name: str, ask: Callable[[], T]) -> None:
        self._name, self._ask = name, ask
        self._lock, self._is_renewing = threading.Lock(), False
        self._told: tuple[float, T] | None = None
        """When it was asked, by the monotonic clock, and what came; None before the first time."""

    def get(self) -> T:
        """Return what the store told; an older answer while a new one is got behind it, if it is not too old."""
        told = self._told
        age = None if told is None else time.monotonic() - told[0]
        if told is not None and age is not None and age < KEPT_SECONDS:
            if age >= FRESH_SECONDS and not self._is_renewing:
                self._is_renewing = True
                threading.Thread(target=self._renew, daemon=True).start()
            return told[1]
        with self._lock:
            if self._told is None or time.monotonic() - self._told[0] >= FRESH_SECONDS:
                self._told = time.monotonic(), self._ask()
            return self._told[1]

    def expire(self) -> None:
        """Ask the store again before the next answer: what is being asked now may not have seen what came since."""
        with self._lock:
            self._told = None

    def _renew(self) -> None:
        try:
            with self._lock:
                self._told = time.monotonic(), self._ask()
        except SohoaError as error:
            log.warning("listing_waits", table=self._name, reason=str(error))  # the older one serves: the next get asks
        finally:
            self._is_renewing = False
