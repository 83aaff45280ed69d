"""Files of the registry: a setting's own file, else the site's (``SOHOA_SITE``), else the one in the package."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from sohoa.errors import SettingsError

DATA = Path(__file__).with_name("data")
Content = TypeVar("Content")


@cache
def read_data(name: str, read: Callable[[Path], Content]) -> Content:
    """Read ``<name>.csv``, once per process.

    It is the file that ``SOHOA_<NAME>_FILE`` names, else that of the folder ``SOHOA_SITE``, else that of the package.

    Raises:
        SettingsError: the file is missing or malformed; the message names the setting.
    """
    from sohoa.settings import load_settings  # here, so that to import the registry does not cost that of pydantic

    settings = load_settings()
    own: Path | None = getattr(settings, f"{name}_file", None)
    file = own or site_file(settings.site, name) or DATA / f"{name}.csv"
    try:
        return read(file)
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
        setting = f"SOHOA_{name.upper()}_FILE" if own else "SOHOA_SITE"
        raise SettingsError(
            f"{setting}: {file} cannot be used: {error}; `sohoa site check {file.parent}` says where and why "
            "(docs/site.md)"
        ) from error


def read_rows(file: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file by its heads, without blanks around the cells and without rows of empty cells.

    Raises:
        ValueError: a row has another number of cells than the heads.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        heads = [head.strip() for head in next(rows, [])]
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if len(cells) != len(heads):
                raise ValueError(f"line {rows.line_num} has {len(cells)} cells, not {len(heads)}")
            yield dict(zip(heads, cells, strict=True))


def site_file(site: Path | None, name: str) -> Path | None:
    """Return the site's own file of a name, None where it has none.

    Raises:
        SettingsError: the site's folder is not there.
    """
    if site is None:
        return None
    if not site.is_dir():
        raise SettingsError(f"SOHOA_SITE: there is no folder {site}; `sohoa site new {site}` makes one")
    file = site / f"{name}.csv"
    return file if file.exists() else None
