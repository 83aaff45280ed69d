"""Sheets captured twice: what is found, in a batch and before it, and what only looks alike."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sohoa.quality.duplicate_pages import SAME_SHEET_BITS, find_twins
from sohoa.schema import CAPTURES

BITS = 10
NOON = datetime(2024, 4, 15, 12)  # noqa: DTZ001 (times of tables have no zone)
SOUND = {
    "agency": "H37.1",
    "batch": "H37.1-20240415-002",
    "document_id": "d1",
    "cover": "matte",
    "role": "page",
    "page_no": 1,
    "ink_ratio": 0.05,
    "received_at": NOON,
}


def hash_of(seed: int, flipped: int = 0) -> str:
    """256 bits by a seed, the first of some places flipped."""
    rng = np.random.default_rng(seed)
    bits, places = rng.integers(0, 2, 256, np.uint8), rng.permutation(256)
    bits[places[:flipped]] ^= 1
    return np.packbits(bits).tobytes().hex()


def page(number: int, phash: str, **changes: Any) -> dict[str, Any]:
    return SOUND | {"file": f"{number}.jpg", "sha256": f"{number:064x}", "phash": phash} | changes


def before(number: int, phash: str, hours: float = 24, **changes: Any) -> dict[str, Any]:
    """A page of a batch that was received some hours before the others."""
    earlier = {"batch": "H37.1-20240414-001", "document_id": "d0", "received_at": NOON - timedelta(hours=hours)}
    return page(number, phash, **(earlier | changes))


def captures(pages: Any) -> pa.Table:
    return pa.Table.from_pylist(list(pages), schema=CAPTURES)


def find(new: Any, earlier: Any = (), days: int = 31) -> list[str | None]:
    """The file that each new page repeats."""
    return [twin and twin["file"] for twin in find_twins(captures(new), captures(earlier), days).to_pylist()]


def twins(*pages: dict[str, Any]) -> list[int]:
    """The number of the page that each page repeats, -1 where there is none."""
    return [-1 if file is None else int(file.partition(".")[0]) for file in find(pages)]


def test_a_page_has_the_earlier_one_that_lies_near_as_its_twin() -> None:
    """With the distance, as far as a sheet laid anew can lie; one bit more is none."""
    assert twins(page(0, hash_of(1)), page(1, hash_of(2)), page(2, hash_of(1, BITS))) == [-1, -1, 0]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, SAME_SHEET_BITS))) == [-1, 0]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, SAME_SHEET_BITS + 1))) == [-1, -1]
    assert twins(page(0, hash_of(1))) == twins(page(0, hash_of(1)), page(1, hash_of(2)))[:1] == [-1]
    assert twins() == []
    [_, found] = find_twins(captures([page(0, hash_of(1)), page(1, hash_of(1, 7))]), captures([]), 31).to_pylist()
    assert found == {"batch": SOUND["batch"], "document_id": "d1", "file": "0.jpg", "page_no": 1, "bits": 7}


def test_the_nearest_is_the_twin_and_of_equal_ones_the_first() -> None:
    """The earlier page at the smallest distance; at equal distance the first of them."""
    assert twins(page(0, hash_of(1, 3)), page(1, hash_of(1, 1)), page(2, hash_of(1))) == [-1, 0, 1]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1)), page(2, hash_of(1))) == [-1, 0, 0]


def test_forms_of_one_layout_are_not_duplicates() -> None:
    """Several sheets that lie near to each other are a printed form; two alone are one sheet, laid twice."""
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, 8))) == [-1, 0]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, 8)), page(2, hash_of(1, 16))) == [-1, -1, -1]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, 8)), page(2, hash_of(1, 29))) == [-1, 0, -1]


def test_the_same_image_is_found_among_forms_of_its_layout() -> None:
    """Saved again it lies nearer than two sheets of a form ever do, and nothing lies between."""
    forms = [page(n, hash_of(1, 13 * n)) for n in range(3)]
    assert twins(*forms, page(3, hash_of(1, 13 + 2))) == [-1, -1, -1, 1]


def test_print_that_everybody_uses_is_no_duplicate() -> None:
    """The back of a form lies at any small distance from others, in the batch and before it; the same file still is."""
    rng = np.random.default_rng(5)
    prints = [page(n, hash_of(1, int(rng.integers(12)))) for n in range(40)]
    assert set(find(prints)) == {None}
    assert set(find(prints[20:], [p | before(0, "") | {k: p[k] for k in ("file", "phash")} for p in prints[:20]])) == {
        None
    }
    again = page(40, prints[7]["phash"], sha256=prints[7]["sha256"])
    assert find([*prints, again])[-1] == "7.jpg"


def test_the_same_file_under_another_name() -> None:
    """Also where its hash says nothing about it: page by page."""
    same = {"sha256": "a" * 64}
    pages = [page(n, hash_of(n % 2), page_no=1 + n % 2, **same) for n in range(4)]
    assert twins(*pages) == [-1, -1, 0, 1]
    assert twins(page(0, hash_of(1), **same), page(1, hash_of(2), page_no=2, **same)) == [-1, -1]
    assert find([page(1, hash_of(2), **same)], [before(0, hash_of(1), **same)]) == ["0.jpg"]


def test_what_was_sent_before_is_the_original() -> None:
    """By the time received, not by the name of the batch or the order in which it is checked."""
    new, old = [page(1, hash_of(1))], [before(0, hash_of(1))]
    later = [before(0, hash_of(1), hours=-1)]
    assert find(new, old) == ["0.jpg"]
    assert find(new, later) == [None]
    assert find([*new, *old]) == find([*old, *new])[::-1] == ["0.jpg", None]
    tie = [before(0, hash_of(1), hours=0)]
    assert find([*new, *tie]) == ["0.jpg", None], "received in the same second: the batch of the lower name"
    assert find(new, [before(0, hash_of(1), agency="H37.2")]) == [None]


def test_a_batch_that_is_checked_again_has_the_same_twins() -> None:
    """What a killed run has written of the batches of this one changes nothing."""
    new = [page(1, hash_of(1)), page(2, hash_of(1)), before(3, hash_of(1), hours=1), page(4, hash_of(4))]
    assert find(new, new) == find(new) == ["3.jpg", "3.jpg", None, None]


def test_the_window() -> None:
    """Earlier pages count for so many days up to the second, and the batch itself always."""
    new = [page(1, hash_of(1))]
    for hours, days, found in ((48, 2, "0.jpg"), (49, 2, None), (1, 0, None), (24 * 31, 31, "0.jpg")):
        assert find(new, [before(0, hash_of(1), hours)], days) == [found], (hours, days)
    assert find([*new, page(2, hash_of(1))], days=0) == [None, "1.jpg"], "the batch itself is always compared"


def test_a_form_is_known_from_earlier_batches() -> None:
    """Two alike in one batch would be one sheet, were it not for a third that came before; and the other way round."""
    new = [page(1, hash_of(1)), page(2, hash_of(1, 8))]
    assert find(new) == [None, "1.jpg"]
    assert find(new, [before(0, hash_of(1, 16))]) == [None, None]
    old = [before(0, hash_of(1)), before(1, hash_of(1, 19))]
    assert find([page(2, hash_of(1, 8), sha256="b" * 64)], old[:1]) == ["0.jpg"]
    assert find([page(2, hash_of(1, 8))], old) == [None]


def test_a_document_may_show_what_it_replaces() -> None:
    """Down a chain of them, also where a page between was unreadable; a copy elsewhere repeats the newest alone."""
    first, second = before(0, hash_of(1), 48), before(1, hash_of(1), 24, document_id="d1", replaces="d0")
    third = page(2, hash_of(1), document_id="d2", replaces="d1")
    assert find([third], [first, second]) == find([first, second, third])[2:] == [None]
    assert find([third], [first, second | {"error": "truncated: scan it again", "phash": None}]) == [None]
    assert find([page(3, hash_of(1, 8), document_id="d9")], [first, second]) == ["1.jpg"]
    assert find([third | {"replaces": "d7"}], [first, second]) == ["1.jpg"]
    assert find([third], [first, second | {"agency": "H37.2"}]) == ["0.jpg"], "document ids are an agency's own"


@pytest.mark.parametrize(
    "changes",
    [
        {"ink_ratio": 0.002},
        {"ink_ratio": None},
        {"role": "tile"},
        {"role": "reference"},
        {"error": "truncated: scan it again"},
        {"phash": None},
        {"phash": "ab"},
        {"agency": "H37.2"},
    ],
)
def test_what_is_not_compared(changes: dict[str, Any]) -> None:
    """Blank pages, parts of a sheet, pages in error or without hash, other agencies."""
    assert twins(page(0, hash_of(1)), page(1, hash_of(1))) == [-1, 0]
    batch = {"batch": "H37.2-20240415-001"} if "agency" in changes else {}
    assert twins(page(0, hash_of(1)), page(1, hash_of(1)) | changes | batch) == [-1, -1]
    assert twins(page(0, hash_of(1)) | changes | batch, page(1, hash_of(1))) == [-1, -1]
    assert find([page(1, hash_of(1))], [before(0, hash_of(1)) | changes]) == [None]


def test_glossy_covers_are_printed_alike() -> None:
    """Of two booklets they are no duplicates; in one booklet, and as the same file, they are."""
    first, second = (page(n, hash_of(1), cover="glossy", document_id=f"d{n}") for n in range(2))
    assert twins(first, second) == [-1, -1]
    assert twins(first, second | {"document_id": "d0"}) == [-1, 0]
    assert twins(first, second | {"sha256": first["sha256"]}) == [-1, 0]
    assert twins(first, second | {"cover": "matte"}) == [-1, 0]


def test_agencies_do_not_depend_on_each_other() -> None:
    """The same twins whether a batch is judged alone or beside those of others."""
    rng = np.random.default_rng(3)
    one = [page(n, hash_of(int(rng.integers(12)), int(rng.integers(14)))) for n in range(40)]
    others = [page(n, hash_of(n % 12), agency="H37.2", batch="H37.2-20240415-002") for n in range(40)]
    mixed = find(p for pair in zip(others, one, strict=True) for p in pair)
    assert mixed[1::2] == find(one)
    assert any(mixed[::2])


def test_a_month_of_a_large_agency_takes_little_time() -> None:
    """A batch of 1,000 pages against 30,000: far less than measuring ten of them."""
    table = captures(page(n, hash_of(n)) for n in range(1_000))
    batches = [f"H37.1-202404{1 + n % 14:02d}-001" for n in range(30_000)]
    old = captures(before(n, hash_of(n), batch=batch) for n, batch in enumerate(batches, start=1_000))
    start = time.process_time()
    assert find_twins(table, old, 31).null_count == 1_000
    assert time.process_time() - start < 2
