"""What ``sohoa measure`` does: measure files on this machine and judge their pages, without a store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from sohoa.errors import InputError, SettingsError
from sohoa.pages.measure import Limits, measure_file
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import MEASURED, TABLES, VERDICT
from sohoa.settings import Settings

_THREADS = 2
_CHUNK = 32


def measure_and_judge(
    files: list[Path], profile: str, declared: dict[str, str | None], settings: Settings
) -> Iterator[dict[str, Any]]:
    """One dict a page, in the order of the files: the names of ``schema.MEASURED``, then verdict, defects, notes.

    Args:
        files: paths; one that is missing or cannot be read still gives its row, with ``error``.
        profile: profile of limits.
        declared: paper, cover, content and the like, where they are known.
        settings: bounds on size and pages.

    Raises:
        InputError: there is no such profile.
    """
    try:
        rules = load_thresholds(profile).rules
    except SettingsError as error:
        raise InputError(str(error)) from None
    limits = Limits.of(settings)
    schema = pa.schema([*MEASURED, *(TABLES["pages"].field(name) for name in ("kind", "content", "paper", "cover"))])
    names = [*MEASURED.names, *VERDICT.names]
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(files), _CHUNK):
            found = pool.map(lambda path: measure_file(path, limits), files[start : start + _CHUNK])
            rows = [{**declared, **row} for page in found for row in page]
            yield from judge_pages(pa.Table.from_pylist(rows, schema=schema), rules).select(names).to_pylist()
