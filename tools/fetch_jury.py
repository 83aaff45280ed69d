"""Fetch public scans on which no limit was chosen: ``python -m tools.fetch_jury FOLDER`` writes them and their labels.

``jury.csv`` beside this module names each page, the licence that its source states, its commit and hash, and what was
seen on it by eye, small: ``clean`` 1 where a clerk should have it accepted, 0 where it has the defect named, -1 where
nobody vouches for it. The pages are not part of the project: few licences say that they may be passed on.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tools.judge_limits import LABELS

JURY = Path(__file__).with_name("jury.csv")
_HOST = "https://raw.githubusercontent.com"
_TIMEOUT_S = 120


def main() -> None:
    """Fetch all pages into the folder given; end with 1 where one could not be had."""
    (folder,) = map(Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with JURY.open(encoding="utf-8", newline="") as lines:
        missing = fetch_pages(list(csv.DictReader(lines)), folder, read_url)
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
        (folder / Path(name).name).write_bytes(data)
        kept += labelled
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["file", "page", "source", "clean", "camera_photo", "orientation_cw", *LABELS.values()])
        writer.writerows(
            [*(page[name] for name in ("file", "page", "source", "clean")), "0", "0", *_labels(page)] for page in kept
        )
    return missing


def _labels(page: Mapping[str, str]) -> list[str]:
    """Return for each defect whether the page has it: of a page that is not clean, the one named is known alone."""
    others = "0" if page["clean"] == "1" else "-1"
    return ["1" if defect == page["defect"] else others for defect in LABELS]


def read_url(url: str) -> bytes:
    """Return what lies at an address, https alone."""
    if not url.startswith("https://"):
        raise ValueError(f"{url}: only https is fetched")
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310
        data: bytes = answer.read()
    return data


if __name__ == "__main__":
    main()
