"""What became of a hand-over to the archive, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sohoa.clean_text import escape_name
from sohoa.labels import LABELS

if TYPE_CHECKING:  # Arrow takes 70 MB and a second of every command
    from sohoa.archive.hand_over import HandedOver
    from sohoa.archive.write_bags import Bag

_MB = 1_000_000


def bag_line(bag: Bag) -> str:
    """Say what one package holds, and whether it was there."""
    done = "written and verified" if bag.is_new else "was there, verified again"
    what = f"{bag.dossiers:,} dossiers, {bag.documents:,} documents, {bag.files:,} files, {bag.bytes / _MB:,.1f} MB"
    return f"{escape_name(bag.path)}: {done}; {what}"


def hand_over_lines(done: HandedOver) -> list[str]:
    """Say what was handed over in all, and what stays and why."""
    lines = [
        f"{len(done.bags):,} packages: {sum(bag.dossiers for bag in done.bags):,} dossiers, "
        f"{sum(bag.documents for bag in done.bags):,} documents, {sum(bag.files for bag in done.bags):,} files, "
        f"{sum(bag.bytes for bag in done.bags) / _MB:,.1f} MB."
        if done.bags
        else "Nothing to hand over: no dossier of these days has ended with accepted documents."
    ]
    if remarks := sum(bag.remarks for bag in done.bags):
        lines.append(f"{remarks:,} files with a remark: see the last column of muc-luc/tai-lieu.csv in their package.")
    if done.left_file is not None:
        reasons = ", ".join(f"{LABELS['archive_reasons'][why].en}: {n:,}" for why, n in done.left.counts.most_common())
        lines.append(f"Stays here ({reasons}); by name in {escape_name(done.left_file)}.")
    if done.is_bad:
        lines.append(
            "Accepted originals are not in the store as they were accepted: `sohoa run maintain` and the alert "
            "`integrity` say which; bring them back from a backup (docs/runbook.md)."
        )
    return lines


def hand_over_row(done: HandedOver) -> dict[str, Any]:
    """What was handed over, as one object."""
    return {
        "packages": [vars(bag) | {"path": str(bag.path)} for bag in done.bags],
        "left": dict(sorted(done.left.counts.items())),
        "left_file": str(done.left_file) if done.left_file else None,
    }
