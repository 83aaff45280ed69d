"""Try every request that S3 knows with every key, on its own places and on others': ``-m benchmarks.isolation``.

A store of its own, with the keys that it hands out: each agency of the registry against the next one, each system that
writes a feed against the next one, the reader of reports, the pipeline, a wrong key, a revoked one and none. Prints a
table in Markdown, of docs/security.md: how many were let through of how many asked. Ends with 1 where one was let
through that should not be, or refused that should not be. It takes some ten minutes; ``--agencies 5`` takes the first
five.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from benchmarks.own_store import own_store
from sohoa import layout
from sohoa.settings import TIME_ZONE
from sohoa.stack.identities import REPORTS_READER, apply_identities, revoke_identities, wanted_identities
from sohoa.store import Store
from tests.stack.isolation import (
    DENIED,
    NOTHING,
    OF_BUCKET,
    PIPELINE,
    PIPELINE_OF_BUCKET,
    READER,
    REQUESTS,
    WRITER,
    Caller,
    Place,
    Prepared,
    Rights,
    administrator_of,
    agency_caller,
    agency_places,
    pipeline_of,
    try_requests,
)

_FEED = WRITER - {"copy in"} | {"delete version"}
"""The bucket ``feeds`` keeps one version: what was imported lies in the tables."""
_PIPELINES = (
    Place(layout.LANDING, "batches/H37.80.01/"),
    Place(layout.LANDING, "receipts/H37.80.01/"),
    Place(layout.FEEDS, "register/"),
    Place(layout.WAREHOUSE, "pages/"),
    Place(layout.REPORTS, "weekly/"),
)


class Cell(NamedTuple):
    """One kind of request, of a kind of caller, in a kind of place."""

    who: str
    place: str
    request: str
    is_allowed: bool


Found = Counter[tuple[Cell, bool]]
"""Cell, whether it was let through -> how often."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, help="So many agencies; all.")
    asked = parser.parse_args()
    with own_store() as store:
        found = Found(try_all(store, asked.agencies))
    _print_table(found)
    wrong = sorted({cell for cell, is_open in found if is_open != cell.is_allowed})
    for cell in wrong:
        print(f"{'REFUSED' if cell.is_allowed else 'OPEN'}: {cell.who}, {cell.place}, {cell.request}")
    print(f"\n{found.total():,} requests; {len(wrong)} kinds of them are not as they should be")
    sys.exit(bool(wrong))


def try_all(store: Store, agencies: int | None = None) -> Iterator[tuple[Cell, bool]]:
    """Try every caller; yields each request once."""
    keys = json.loads(store.settings.agency_keys_file.read_text())
    codes = sorted(keys)
    for code, other in zip(codes[:agencies], [*codes[1:], codes[0]], strict=False):
        yield from _try(agency_caller(store, code, keys[code]), "an agency", agency_places(code, other))
    today = datetime.now(TIME_ZONE).date()
    systems = [one.name for one in wanted_identities(today) if one.name not in keys and one.name != REPORTS_READER]
    issued = apply_identities(store.settings, today, [*systems, REPORTS_READER], is_rotating=False).issued
    for name, other in zip(systems, [*systems[1:], systems[0]], strict=True):
        own, next_ = (Place(layout.FEEDS, f"{_folder(one)}/") for one in (name, other))
        caller = Caller(store, issued[name], own, own)
        feeds = {"own feed": (own, _FEED), "another feed": (next_, NOTHING)}
        yield from _try(caller, "a feed's system", feeds | _beyond("feeds"))
    reports = Place(layout.REPORTS, "weekly/")
    reader = Caller(store, issued[REPORTS_READER], reports, reports)
    places = {"reports": (reports, READER)} | _beyond("reports")
    yield from _try(reader, "the reader of reports", places)
    for place in _PIPELINES:
        yield from _try_places(pipeline_of(store), "the pipeline", {"objects of its buckets": (place, PIPELINE)})
    yield from _try_buckets(pipeline_of(store), "the pipeline", PIPELINE_OF_BUCKET)
    yield from _strangers(store, keys, codes)


def _strangers(store: Store, keys: dict[str, dict[str, str]], codes: list[str]) -> Iterator[tuple[Cell, bool]]:
    """Callers with no right anywhere."""
    code, other = codes[:2]
    places = {name: (place, NOTHING) for name, (place, _) in agency_places(code, other).items()}
    caller = agency_caller(store, code, keys[code])
    yield from _try(replace(caller, keys=None), "nobody", places)
    yield from _try(replace(caller, keys={**keys[code], "secret_key": "x" * 40}), "a wrong key", places)
    revoke_identities(store.settings, [code])
    yield from _try(caller, "a revoked key", places)


def _try(caller: Caller, who: str, places: dict[str, Rights]) -> Iterator[tuple[Cell, bool]]:
    yield from _try_places(caller, who, places)
    yield from _try_buckets(caller, who, NOTHING)


def _try_places(caller: Caller, who: str, places: dict[str, Rights]) -> Iterator[tuple[Cell, bool]]:
    administrator = administrator_of(caller.store)
    for name, (place, allowed) in places.items():
        for request, status in try_requests(caller, Prepared(caller.store, administrator, place), REQUESTS):
            yield Cell(who, name, request, request in allowed), status not in DENIED


def _try_buckets(caller: Caller, who: str, allowed: frozenset[str]) -> Iterator[tuple[Cell, bool]]:
    administrator = administrator_of(caller.store)
    for bucket in layout.BUCKETS:
        there = Prepared(caller.store, administrator, Place(bucket, "x/"))
        for request, status in try_requests(caller, there, OF_BUCKET):
            yield Cell(who, "whole buckets", request, request in allowed), status not in DENIED


def _beyond(own: str) -> dict[str, Rights]:
    """Places of others, of whom each has a bucket of its own."""
    places = agency_places("H37.80.01", "H37.80.02")
    names = ["another's batches", "another's receipts", "tables", "feeds", "reports"]
    return {name: (places[name][0], NOTHING) for name in names if name != own}


def _folder(name: str) -> str:
    """Return the folder of a feed by the name of its system's key."""
    system = name.removeprefix("feeds-")
    return f"ministry/{system.removeprefix('ministry-')}" if system.startswith("ministry-") else system


def _print_table(found: Found) -> None:
    """Print a row for each place where something passes, and one for all others of a caller."""
    print("| who | where | refused, of all asked | passes |\n|---|---|---|---|")
    for who in dict.fromkeys(cell.who for cell, _ in found):
        own = {key: n for key, n in found.items() if key[0].who == who}
        opened = {cell.place for cell, is_open in own if is_open}
        places = list(dict.fromkeys(cell.place if cell.place in opened else None for cell, _ in own))
        for place in places:
            cells = {key: n for key, n in own.items() if (key[0].place if key[0].place in opened else None) == place}
            refused = sum(n for (_, is_open), n in cells.items() if not is_open)
            passes = ", ".join(dict.fromkeys(cell.request for cell, is_open in cells if is_open)) or "nothing"
            elsewhere = "everywhere else" if opened else "everywhere"
            print(f"| {who} | {place or elsewhere} | {refused:,} of {sum(cells.values()):,} | {passes} |")


if __name__ == "__main__":
    main()
