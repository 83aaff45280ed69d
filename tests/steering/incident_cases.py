"""Incidents of scan days that are all at hand."""

from __future__ import annotations

import pyarrow as pa

from sohoa.steering.watched_scanners import Incident, WatchedScanners


def find_incidents(devices: pa.Table) -> list[Incident]:
    """Watch the scanners on all these days, rows of ``device_daily`` with their path key, in any order."""
    watch = WatchedScanners()
    watch.add(devices)
    return watch.incidents()
