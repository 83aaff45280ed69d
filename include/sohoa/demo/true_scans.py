"""What the simulator knows of each document that was scanned: its manifests, and the defects that it put in."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sohoa.simulate.simulate_province import TRUTH

IN_NO_PAGE = {"", "missing_page"}
"""Sound pages; that a page is missing shows in its document, not in the pages that are there."""
FOR_A_PERSON = {"glare", "streaks"}
"""What the simulator draws so that a person has to look; all else that it draws has to be scanned again."""
OF_DOCUMENT = {"missing_page", "hash_mismatch"}
"""What a document has as a whole."""
PageKey = tuple[str, int]


@dataclass(frozen=True)
class TrueDocument:
    """One document of one batch, and what is wrong with each of its pages, empty where nothing is."""

    agency: str
    batch: str
    scan_date: date
    document_id: str
    replaces: str | None
    not_scanned: str | None
    pages: dict[PageKey, str]

    @property
    def defects(self) -> set[str]:
        """What is wrong with it."""
        return set(self.pages.values()) - {""}

    @property
    def outcome(self) -> str:
        """What has to become of it; nobody decides about a simulated scan."""
        if self.not_scanned:
            return "not_scanned"
        if not self.defects:
            return "accepted"
        return "review" if self.defects <= FOR_A_PERSON else "to_scan"

    @property
    def is_received(self) -> bool:
        """Whether all of its files came as they were declared."""
        return not self.not_scanned and "hash_mismatch" not in self.defects

    @property
    def bad_pages(self) -> dict[PageKey, str]:
        """The pages that show their defect."""
        return {page: defect for page, defect in self.pages.items() if defect not in IN_NO_PAGE}


def read_true_scans(province: Path) -> list[TrueDocument]:
    """Read every document that agencies have sent.

    Args:
        province: a folder that the simulator has made, with images.
    """
    pages: dict[str, dict[PageKey, str]] = defaultdict(dict)
    for row in read_truth(province, "pages"):
        pages[row["file"]][row["file"], int(row["page"])] = row["defect"]
    found = []
    for path in sorted(province.glob("landing/inbox/*/*.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for document in manifest["documents"]:
            of_files = [pages[file["path"]] for file in document["files"]]
            found.append(
                TrueDocument(
                    agency=manifest["agency"],
                    batch=manifest["batch"],
                    scan_date=date.fromisoformat(manifest["scan_date"]),
                    document_id=document["document_id"],
                    replaces=document.get("replaces"),
                    not_scanned=document.get("not_scanned"),
                    pages={page: defect for of_file in of_files for page, defect in of_file.items()},
                )
            )
    return found


def read_truth(province: Path, name: str) -> list[dict[str, str]]:
    """Read one table of the simulator's truth, its values as they are written."""
    with (province / TRUTH / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
