"""The last task of a job with gates."""

from __future__ import annotations

from sohoa.errors import GateClosed


def report_closed(closed: list[str]) -> None:
    """Fail visibly where a gate stayed closed; everything else has been written by then.

    Raises:
        GateClosed: names the rows.
    """
    if closed:
        raise GateClosed(f"{len(closed)} closed: " + " | ".join(closed[:20]))
