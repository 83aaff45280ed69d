"""Judge a net on labelled pages: ``python -m tools.pagenet.judge NET.onnx FOLDER...`` prints figures by source.

The score of a page is the mean of the 12 largest cells of its map of light (1/64 of the long side each): a small lamp
counts little, a large one fully. A hit is a page with glare that scores more than a limit at which at most one of the
scans without glare does.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sohoa.pages.page_net import PageMaps, paint_maps
from sohoa.pages.reduce import Grey
from tools.pagenet.bases import Base, read_bases, read_folds

_CELLS = 12
_FALSE = 1  # scans without glare that may be reported


@dataclass(frozen=True)
class Judged:
    """A labelled page and what the net says of it."""

    base: Base
    maps: PageMaps
    score: float


def main() -> None:
    """Read the command line, judge, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", type=Path)
    parser.add_argument("folders", nargs="+", type=Path, help="folders with labels.csv; licences do not matter here")
    parser.add_argument("--fold", type=int, default=0, help="of data.csv, whose sources alone are judged; else all")
    parser.add_argument("--pictures", type=Path, help="folder for false alarms and misses, as PNG")
    options = parser.parse_args()
    folds = read_folds()
    bases = [base for folder in options.folders for base in read_bases(folder, keep_unlicensed=True)]
    judged = judge(options.net, [base for base in bases if not options.fold or folds.get(base.source) == options.fold])
    print("\n".join(describe(judged)))
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for name, picture in draw_errors(judged).items():
            cv2.imwrite(str(options.pictures / f"{name}.png"), picture)


def judge(net: Path, bases: list[Base]) -> list[Judged]:
    """Paint the maps of all pages of which it is known whether there is glare."""
    judged = []
    for base in bases:
        if base.glare is not None:
            maps = paint_maps(base.picture, net)
            judged.append(Judged(base, maps, score_light(maps.light)))
    return judged


def score_light(light: Grey) -> float:
    """Return the mean of the 12 largest cells, 0 to 255."""
    count = min(_CELLS, light.size)
    return float(np.partition(light, light.size - count, axis=None)[-count:].mean())


def describe(judged: list[Judged]) -> list[str]:
    """Return lines with the areas under the curve, the hits at the limit, and each source."""
    glares, scans, photos = split(judged)
    limit = find_limit(scans)
    lines = [
        f"glare {len(glares)}, scans without {len(scans)}, photographs without {len(photos)}",
        f"AUC all {_auc(glares, scans + photos)}, scans {_auc(glares, scans)}, photographs {_auc(glares, photos)}",
        f"limit {limit:.1f}: hits {_over(glares, limit)}, false scans {_over(scans, limit)}, "
        f"false photographs {_over(photos, limit)}",
    ]
    by_source = defaultdict(list)
    for each in judged:
        by_source[each.base.source].append(each)
    for source, pages in sorted(by_source.items()):
        counts = zip(("hits", "false scans", "false photographs"), split(pages), strict=True)
        lines.append(f"{source}: " + ", ".join(f"{what} {_over(some, limit)}" for what, some in counts if some))
    return lines


def split(judged: list[Judged]) -> tuple[list[Judged], list[Judged], list[Judged]]:
    """Return the pages with glare, the scans without and the photographs without."""
    without = [each for each in judged if not each.base.glare]
    scans = [each for each in without if each.base.kind == "page"]
    return [each for each in judged if each.base.glare], scans, [each for each in without if each.base.kind == "photo"]


def find_limit(scans: list[Judged]) -> float:
    """Return the lowest limit that at most one scan exceeds."""
    scores = sorted((each.score for each in scans), reverse=True)
    return scores[_FALSE] if len(scores) > _FALSE else 0.0


def draw_errors(judged: list[Judged]) -> dict[str, Grey]:
    """Return pictures of misses and false alarms: the page, and beside it where the map is over even odds."""
    glares, scans, photos = split(judged)
    limit = find_limit(scans)
    misses = sorted((each for each in glares if each.score <= limit), key=lambda each: each.score)
    alarms = sorted(scans + photos, key=lambda each: -each.score)[:24]
    return {name: _draw_sheet(some) for name, some in (("misses", misses), ("alarms", alarms)) if some}


def _draw_sheet(some: list[Judged], columns: int = 6, side: int = 300) -> Grey:
    tiles = []
    for each in some:
        picture = each.base.picture.copy()
        light = cv2.resize(each.maps.light, picture.shape[1::-1])
        picture[light > 128] = (0, 0, 255)
        both = np.hstack([each.base.picture, picture])
        scale = side / max(both.shape)
        small = cv2.resize(both, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tile = np.zeros((side + 14, side, 3), np.uint8)
        tile[: small.shape[0], : small.shape[1]] = small
        said = f"{each.score:.0f} {each.base.name[:34]}"
        cv2.putText(tile, said, (2, side + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1)
        tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)])


def _auc(worse: Sequence[Judged], better: Sequence[Judged]) -> str:
    if not (worse and better):
        return "unknown"
    first, second = (np.array([each.score for each in some]) for some in (worse, better))
    larger = (first[:, None] > second).mean() + (first[:, None] == second).mean() / 2
    return f"{larger:.3f}"


def _over(some: Sequence[Judged], limit: float) -> str:
    return f"{sum(each.score > limit for each in some)}/{len(some)}"


if __name__ == "__main__":
    main()
