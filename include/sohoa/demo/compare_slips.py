"""Where receipts and return slips differ from what the simulator knows of the documents that were sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sohoa import layout
from sohoa.demo.compare_truth import Comparison
from sohoa.demo.true_scans import OF_DOCUMENT, TrueDocument, read_true_scans
from sohoa.store import Store

_PICTURE = b"data:image/jpeg;base64,"
Slip = tuple[dict[str, Any], bytes]
"""A receipt, and the page that an agency reads."""


def compare_slips(store: Store, province: Path) -> Comparison:
    """Compare what every slip says of each document: what becomes of it, its defects, and its bad pages with theirs.

    A slip has to name each of its documents that are to be scanned again, and to show each picture that was drawn.
    """
    batches: dict[tuple[str, str], list[TrueDocument]] = defaultdict(list)
    for document in read_true_scans(province):
        batches[document.agency, document.batch].append(document)
    slips = _read_slips(store)
    lines = [f"{'/'.join(place)}: a slip of no batch that was sent" for place in sorted(slips.keys() - batches.keys())]
    for place, documents in sorted(batches.items()):
        found = slips.get(place, [])
        if len(found) != 1:
            lines.append(f"{'/'.join(place)}: sent once, {len(found)} slips")
        else:
            lines += [f"{'/'.join(place)}: {line}" for line in _differences(documents, *found[0])]
    return Comparison("documents on return slips as sent", sum(map(len, batches.values())), lines)


def _read_slips(store: Store) -> dict[tuple[str, str], list[Slip]]:
    """Agency and batch -> its receipts with their pages."""
    keys = {item.key for item in store.list_objects(layout.LANDING, layout.RECEIPTS)}
    receipts = sorted(key for key in keys if key.endswith(".json") and not key.endswith(f".{layout.PICTURES_SUFFIX}"))

    def read(key: str) -> Slip:
        page = key.removesuffix("json") + "html"
        return store.get_json(layout.LANDING, key), store.get(layout.LANDING, page) if page in keys else b""

    slips: dict[tuple[str, str], list[Slip]] = defaultdict(list)
    for receipt, page in store.each(read, receipts):
        slips[receipt["agency"], receipt["batch"]].append((receipt, page))
    return slips


def _differences(documents: list[TrueDocument], receipt: dict[str, Any], page: bytes) -> Iterator[str]:
    if receipt["status"] != "admitted":
        yield f"sent in good order, {receipt['status']}: {receipt['reason']}"
        return
    told = {document["document_id"]: document for document in receipt["documents"]}
    wanted = {document.document_id: document for document in documents}
    for name in sorted(wanted.keys() | told.keys()):
        if name not in wanted or name not in told:
            yield f"document {name}: {'sent, not on the slip' if name in wanted else 'on the slip, not sent'}"
            continue
        yield from _differences_of(wanted[name], told[name])
        if wanted[name].outcome == "to_scan" and name.encode() not in page:
            yield f"document {name}: to be scanned again, not named on the page"
    drawn = sum(one["picture"] is not None for document in told.values() for one in document["pages"])
    if page.count(_PICTURE) != drawn:
        yield f"{drawn} pictures drawn, {page.count(_PICTURE)} on the page"


def _differences_of(made: TrueDocument, told: dict[str, Any]) -> Iterator[str]:
    name = made.document_id
    if told["outcome"] != made.outcome:
        yield f"document {name}: made {made.outcome}, told {told['outcome']}"
    whole = {defect["name"] for defect in told["defects"]}
    if whole != made.defects & OF_DOCUMENT:
        yield f"document {name}: made {sorted(made.defects & OF_DOCUMENT)}, told {sorted(whole)}"
    bad = {
        (page["file"], page["page_no"]): [defect["name"] for defect in page["defects"]]
        for page in told["pages"]
        if page["is_faulty"]
    }
    for file, number in sorted(made.bad_pages.keys() | bad.keys()):
        defect, found = made.bad_pages.get((file, number)), bad.get((file, number), [])
        if found != ([defect] if defect else []):
            yield f"{file} page {number}: made {defect or 'clean'}, told {found}"


def count_defects(province: Path) -> Counter[str]:
    """Count what was put in: pages with each defect; of those that a document has as a whole, documents."""
    found: Counter[str] = Counter()
    for document in read_true_scans(province):
        found.update(document.bad_pages.values())
        found.update(document.defects & {"missing_page"})
    return found
