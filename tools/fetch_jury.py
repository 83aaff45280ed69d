"""Fetch public scans on which no limit was chosen: ``python -m tools.fetch_jury FOLDER`` writes them and their labels.

``jury.csv`` beside this module names each page, the licence that its source states, its commit and hash, and what was
seen on it by eye, small: ``clean`` 1 where a clerk should have it accepted, 0 where it has the defect named, -1 where
nobody vouches for it. The pages are not part of the project: few licences say that they may be passed on.

Each ``group`` has a folder: ``office`` pages, and ``large`` sheets, A3 and larger, which were looked at for every
defect: they have that alone which is named. ``content`` and ``paper`` are what an agency would declare. Where the file
of a sheet says nothing of its size, or says what a screen has, ``width_mm`` gives it the size that such a sheet has:
the long side 594 mm of a map, 420 mm of a drawing, 560 mm of a newspaper, half of that of half a page.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from PIL import Image

from tools.judge_limits import LABELS

JURY = Path(__file__).with_name("jury.csv")
_HOST = "https://raw.githubusercontent.com"
_TIMEOUT_S = 120
_PNG_HEAD = 33  # bytes of signature and header


def main() -> None:
    """Fetch all pages into the folder given; end with 1 where one could not be had."""
    (folder,) = map(Path, sys.argv[1:])
    with JURY.open(encoding="utf-8", newline="") as lines:
        pages = list(csv.DictReader(lines))
    missing = []
    for group in sorted({page["group"] for page in pages}):
        (folder / group).mkdir(parents=True, exist_ok=True)
        missing += fetch_pages([page for page in pages if page["group"] == group], folder / group, read_url)
    sys.stdout.write("".join(f"{name}\n" for name in missing))
    sys.exit(bool(missing))


def fetch_pages(pages: Iterable[Mapping[str, str]], folder: Path, read: Callable[[str], bytes]) -> list[str]:
    """Write the files of the pages and their labels; return the names of those that are not what they were.

    Args:
        pages: rows of ``jury.csv``.
        folder: where they go.
        read: returns what lies at an address.
    """
    files: dict[str, list[Mapping[str, str]]] = {}
    for page in pages:
        files.setdefault(page["file"], []).append(page)
    missing, kept = [], []
    for name, labelled in files.items():
        page = labelled[0]
        source = page["source"].removeprefix("github:")
        data = read(f"{_HOST}/{source}/{page['commit']}/{urllib.parse.quote(page['path'])}")
        if hashlib.sha256(data).hexdigest() != page["sha256"]:
            missing.append(name)
            continue
        if page["width_mm"]:
            data = set_width(data, float(page["width_mm"]))
        (folder / Path(name).name).write_bytes(data)
        kept += labelled
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        copied = "file", "page", "source", "clean", "content", "paper"
        writer.writerow([*copied, "camera_photo", "orientation_cw", *LABELS.values()])
        writer.writerows([*(page[name] for name in copied), "0", "0", *_labels(page)] for page in kept)
    return missing


def _labels(page: Mapping[str, str]) -> list[str]:
    """Return for each defect whether the page has it: of an office page with one, it is known alone."""
    others = "0" if page["clean"] == "1" or (page["clean"] == "0" and page["group"] == "large") else "-1"
    return ["1" if defect == page["defect"] else others for defect in LABELS]


def set_width(data: bytes, width_mm: float) -> bytes:
    """Return a JPEG or PNG whose file says that it is so wide on paper, its pixels as they are coded."""
    with Image.open(io.BytesIO(data)) as image:
        per_mm, name = image.width / width_mm, image.format
    if name == "JPEG":
        density = b"\x02" + round(per_mm * 10).to_bytes(2, "big") * 2
        return data[:2] + b"\xff\xe0\x00\x10JFIF\x00\x01\x01" + density + b"\x00\x00" + _segments(data)
    if name == "PNG":
        density = b"pHYs" + round(per_mm * 1000).to_bytes(4, "big") * 2 + b"\x01"
        chunk = b"\x00\x00\x00\x09" + density + zlib.crc32(density).to_bytes(4, "big")
        return data[:_PNG_HEAD] + chunk + _chunks(data)
    raise ValueError(f"{name}: only JPEG and PNG are given a size")


def _segments(jpeg: bytes) -> bytes:
    """Return what follows the start of a JPEG, without the segments JFIF and Exif, which say how large it is."""
    at, kept = 2, []
    while jpeg[at : at + 2] != b"\xff\xda":
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if not jpeg[at + 4 : end].startswith((b"JFIF\x00", b"Exif\x00")):
            kept.append(jpeg[at:end])
        at = end
    return b"".join([*kept, jpeg[at:]])


def _chunks(png: bytes) -> bytes:
    """Return what follows the header of a PNG, without the chunk that says how large it is."""
    at, kept = _PNG_HEAD, []
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] != b"pHYs":
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


def read_url(url: str) -> bytes:
    """Return what lies at an address, https alone."""
    if not url.startswith("https://"):
        raise ValueError(f"{url}: only https is fetched")
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310
        data: bytes = answer.read()
    return data


if __name__ == "__main__":
    main()
