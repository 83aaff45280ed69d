"""Base images: pages, photographs and grounds, from folders, with what is known of them."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sohoa.pages.reduce import Grey

SIDE_PX = 480
"""Long side at which a base is kept: somewhat more than what the net sees."""
DATA = Path(__file__).with_name("data.csv")
"""All sources, their licences and uses."""
_LICENCES = ("MIT", "Apache-2.0", "BSD", "CC0", "CC-BY-4.0", "public domain", "Expat")
_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff"}
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Base:
    """One image.

    Attributes:
        name: of its file.
        source: collection that it comes from; a fold holds whole sources.
        picture: uint8 (height, width, 3) in blue, green, red, ``SIDE_PX`` on its long side; of a hand as large as it
            is, and with a fourth plane, 255 where the hand is.
        kind: ``page`` (flat, nothing but the sheet), ``photo``, ``ground`` or ``hand``.
        glare: whether there is glare on it, null where nobody looked.
        object: whether a finger, a clip or another thing lies on it, null where nobody looked.
        box: x, y, width, height of the glare as shares, null where there is none or nobody drew it.
    """

    name: str
    source: str
    picture: Grey
    kind: str
    glare: bool | None
    object: bool | None
    box: Box | None


def read_bases(folder: Path, keep_unlicensed: bool = False) -> list[Base]:
    """Read a folder: with ``labels.csv`` its labelled images (not PDF) of clear licence, without it grounds and hands.

    Args:
        folder: images, and perhaps ``labels.csv`` (file, source, licence, glare, finger, camera_photo, glare_box);
            without it, images with a fourth plane are hands (``cut_hands``).
        keep_unlicensed: take pages without a clear licence too, as is allowed for judging alone.
    """
    labels = folder / "labels.csv"
    if not labels.exists():
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
        return [_unlabelled(path, folder.name) for path in files]
    pictures = folder / "images" if (folder / "images").is_dir() else folder
    with labels.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if Path(row["file"]).suffix in _SUFFIXES and (pictures / row["file"]).exists()]
    return [_base(pictures, row) for row in rows if keep_unlicensed or row["licence"].startswith(_LICENCES)]


def read_folds() -> dict[str, int]:
    """Return source -> its fold, of those in ``data.csv`` that have one."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return {row["source"]: int(row["fold"]) for row in csv.DictReader(file) if row["fold"]}


def read_small(path: Path) -> Grey:
    """Read an image at ``SIDE_PX`` on its long side."""
    whole = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2)
    if whole is None or max(whole.shape) < SIDE_PX:
        whole = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if whole is None:
        raise ValueError(f"{path} is no image that can be read")
    scale = SIDE_PX / max(whole.shape)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(whole, None, fx=scale, fy=scale, interpolation=kind), np.uint8)


def _unlabelled(path: Path, source: str) -> Base:
    whole = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if whole is not None and whole.ndim == 3 and whole.shape[2] == 4:
        return Base(path.name, source, np.asarray(whole, np.uint8), "hand", None, None, None)
    return Base(path.name, source, read_small(path), "ground", None, None, None)


def _base(folder: Path, row: dict[str, str]) -> Base:
    numbers = [float(part) for part in row.get("glare_box", "").replace(";", ",").split(",") if part.strip()]
    box = (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) >= 4 else None
    glare, thing = ({"1": True, "0": False}.get(row.get(name, "")) for name in ("glare", "finger"))
    kind = "photo" if row["camera_photo"] == "1" else "page"
    return Base(row["file"], row["source"], read_small(folder / row["file"]), kind, glare, thing, box)


def check_named(table: Path, named: Collection[str], known: Collection[str]) -> None:
    """Raise ``ValueError`` where a table names pages that are not known: a slip would leave them in.

    A table of which no page is known is of other folders, and says nothing of these.
    """
    missing = sorted(set(named) - set(known))
    if missing and len(missing) < len(set(named)):
        raise ValueError(f"{table.name} names pages that are not in these folders: {', '.join(missing)}")
