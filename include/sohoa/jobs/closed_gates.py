"""Gates that stay closed: which batches they hold back, and the task that says so last."""

from __future__ import annotations

import pyarrow as pa

from sohoa.errors import GateClosed
from sohoa.logs import get_logger

__all__ = ["report_closed"]

log = get_logger(__name__)


def report_closed(problems: list[str]) -> None:
    """Fail visibly where a gate stayed closed; everything else has been written by then.

    Raises:
        GateClosed: names the rows.
    """
    if problems:
        raise GateClosed(f"{len(problems)} {'fault' if len(problems) == 1 else 'faults'}: " + " | ".join(problems[:20]))


def closed_batches(tables: dict[str, pa.Table]) -> dict[str, list[str]]:
    """Return which invariants the rows of each batch break, and log them; a batch whose gate is open is absent."""
    from sohoa.quality import gate

    closed: dict[str, list[str]] = {}
    for name, rows in tables.items():
        for violation in gate.check_rows(name, rows):
            for batch in sorted({str(row["batch"]) for row in violation.rows}):
                closed.setdefault(batch, []).append(f"{name}: {violation.message}")
    for batch, problems in closed.items():
        log.warning("gate_closed", batch=batch, problems=problems)
    return closed
