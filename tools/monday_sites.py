"""Simulated sites whose reports people read: each as it stood on the Mondays on which they were printed.

    SOHOA_HOME=/tmp/site .venv/bin/sohoa stack up store
    SOHOA_HOME=/tmp/site .venv/bin/python -m tools.monday_sites mergers FOLDER

The store has to be empty, and what is simulated lies in ``FOLDER/province``. The store keeps every Monday's report as
printed, and ``FOLDER`` the newest one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sohoa import jobs, layout
from sohoa.days import Week
from sohoa.store import Store, open_store
from tests.province.monday_province import MondayProvince

DOSSIERS_A_WEEK, SEED = 2_000, 7
"""A third of what the province has, so that a site is made in minutes."""
_PAGES_BEFORE = timedelta(weeks=4)
"""Page rows are made from so long before the first week with a report."""

Bring = Callable[[date], None]
"""Brings in what is dated up to a day, and runs the jobs."""


@dataclass(frozen=True)
class Site:
    """A simulated site and the weeks whose reports are printed, each on the Monday after."""

    weeks: tuple[Week, ...]
    make: Callable[[Store, Path, Week], Bring]
    """From an empty store, a new folder and the first of the weeks."""


def _weeks(*names: str) -> tuple[Week, ...]:
    return tuple(map(Week.parse, names))


def main(name: str, folder: Path) -> None:
    """Print the reports of a site's Mondays, and write the last one to the folder."""
    site, store = SITES[name], open_store()
    folder.mkdir(parents=True, exist_ok=True)
    bring = site.make(store, folder / "province", site.weeks[0])
    for week in site.weeks:
        bring(week.last)
        jobs.report(week.name)
    for key in (layout.report_key(site.weeks[-1].name, name) for name in ("report.pdf", "report.html", "report.xlsx")):
        (folder / Path(key).name).write_bytes(store.get(layout.REPORTS, key))


def _arriving(
    start: date, weeks: int, dossiers: int, agencies: int | None = None
) -> Callable[[Store, Path, Week], Bring]:
    """A site simulated for some weeks, so many dossiers in each, whose files come in by their days."""

    def make(store: Store, folder: Path, first: Week) -> Bring:
        province = MondayProvince(
            store,
            folder,
            start=start,
            end=start + timedelta(7 * weeks - 1),
            dossiers=weeks * dossiers,
            seed=SEED,
            agencies=agencies,
            pages_from=first.first - _PAGES_BEFORE,
        )
        return province.bring

    return make


SITES = {
    "small": Site(_weeks("2023-W16", "2023-W17"), _arriving(date(2023, 3, 6), 8, 130, 12)),
    "mergers": Site(_weeks("2025-W26", "2025-W27", "2025-W28"), _arriving(date(2024, 11, 18), 36, DOSSIERS_A_WEEK)),
    "first-weeks": Site(
        _weeks("2023-W10", "2023-W11", "2023-W12", "2023-W13"), _arriving(date(2023, 3, 6), 12, DOSSIERS_A_WEEK)
    ),
}
"""Twelve agencies; a province whose communes merged on 1 December 2024 and whose districts ended on 1 July 2025; one of
which nothing is older than four weeks."""


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
