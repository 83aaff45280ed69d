"""The last task of a job with gates."""

from __future__ import annotations

from sohoa.errors import GateClosed

__all__ = ["report_closed"]


def report_closed(problems: list[str]) -> None:
    """Fail visibly where a gate stayed closed; everything else has been written by then.

    Raises:
        GateClosed: names the rows.
    """
    if problems:
        raise GateClosed(f"{len(problems)} closed: " + " | ".join(problems[:20]))
