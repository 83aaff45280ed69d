"""The counts of defects as an analyst writes them with pandas: read it all, group it once, count."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

KEY = ["scan_date", "agency", "paper", "cover"]
COUNTS = ["pages_bad", "pages_judged"]


def count_defects(folder: str, target: str, rules: str) -> None:
    """Write KEY, defect and COUNTS of all pages; a page is judged where a column is known or the defect was found."""
    rows = _count(folder, json.loads(Path(rules).read_text(encoding="utf-8")))
    kinds = dict.fromkeys(KEY, "string") | dict.fromkeys(COUNTS, "int64")
    rows.astype(kinds).to_parquet(target, index=False)


def _count(folder: str, judged: dict[str, list[str]]) -> pd.DataFrame:
    columns = sorted({name for names in judged.values() for name in names})
    pages = pd.read_parquet(folder, columns=[*KEY, "defects", *columns])
    found = pages[[*KEY, "defects"]].explode("defects").dropna(subset="defects")
    bad = found.groupby([*KEY, "defects"], observed=True).size()
    known = pages.groupby(KEY, observed=True)
    counts, sizes = known[columns].count(), known.size()
    parts = []
    for defect, names in judged.items():
        is_unknown = pages.loc[found.index[found["defects"] == defect], names].isna().all(axis=1)
        extra = pages.loc[is_unknown.index[is_unknown], KEY].groupby(KEY, observed=True).size() if names else None
        if len(names) > 1:
            n = pages.loc[pages[names].notna().any(axis=1), KEY].groupby(KEY, observed=True).size()
        else:
            n = counts[names[0]] if names else sizes
        n = n.reindex(sizes.index, fill_value=0)
        n = n if extra is None else n.add(extra, fill_value=0)
        here = bad.xs(defect, level="defects") if defect in bad.index.get_level_values("defects") else n * 0
        counted = pd.DataFrame({"pages_bad": here.reindex(n.index, fill_value=0), "pages_judged": n})
        parts.append(counted.assign(defect=defect))
    result = pd.concat(parts).reset_index()
    return result[result["pages_judged"] > 0]
