"""Codes of dossiers: two spellings of one dossier are one key.

Those of Lạng Sơn, whose letters are H37: ``000.Z.Y.H37-YYMMDD-N`` (circular 01/2018/TT-VPCP article 19) and
``H37.Y.Z-YYMMDD-N`` (decision 20/2020/QĐ-TTg) name the same dossier: groups of zeros are dropped, the number carries
no leading zeros.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.settings import province_head

_CODE = (
    r"(?:(?P<old>\d{{3}}\.\d{{2}}\.\d{{2}})\.{head}|{head}(?P<new>(?:\.\d{{2,3}}){{0,3}}))"
    r"-(?P<day>\d{{6}})-0{{0,9}}(?P<number>\d{{1,5}})"
)


def dossier_key(code: str) -> str | None:
    """Return the one normal spelling of a dossier code of this province, None where it is malformed."""
    head = province_head()
    match = _pattern(head).fullmatch(code)
    if match is None or _day(match["day"]) is None:
        return None
    groups = reversed(match["old"].split(".")) if match["old"] else match["new"].split(".")
    kept = [group for group in groups if group.strip("0")]
    return f"{'.'.join([head, *kept])}-{match['day']}-{int(match['number'])}"


def dossier_day(key: str) -> date:
    """Return the day of reception inside a normal key; it never changes.

    Raises:
        ValueError: ``key`` is not what ``dossier_key`` returns.
    """
    day = _day(key.split("-")[1])
    if day is None:
        raise ValueError(f"{key!r} is not a dossier key")
    return day


def days_of(keys: Any) -> pa.Array:
    """Return the dossier day of each key of a column; null stays null.

    Raises:
        ValueError: a key is not what ``dossier_key`` returns.
    """
    keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    texts = pc.struct_field(pc.extract_regex(keys, r"-(?P<day>[0-9]{6})-"), "day").dictionary_encode()
    days = pa.array([_day(text) for text in texts.dictionary.to_pylist()], pa.date32()).take(texts.indices)
    if days.null_count > keys.null_count:
        raise ValueError("a column of dossier keys holds something else")
    return days


@lru_cache
def _pattern(head: str) -> re.Pattern[str]:
    return re.compile(_CODE.format(head=head), re.ASCII)


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007 (a date has no zone)
    except ValueError:
        return None
