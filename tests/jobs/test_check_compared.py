"""What the check finds by comparing captures, end to end on the real store: duplicates, and tiles of one sheet."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest

from sohoa import jobs, layout
from sohoa.store import Store
from tests.batch_builder import AGENCY, commit, document, manifest, page_image, page_jpeg, put_files, receipt, send

pytestmark = pytest.mark.usefixtures("judged_by_numpy")  # what is shown is what the check makes of verdicts
GOOD = page_jpeg(1)


def rows(store: Store, table: str, **where: Any) -> list[dict[str, Any]]:
    return [r for r in store.read_table(table).to_pylist() if all(r[k] == v for k, v in where.items())]


def twin_of(store: Store, batch: str) -> Any:
    (row,) = rows(store, "pages", batch=batch)
    return row["twin"]


def test_a_sheet_sent_again_for_another_dossier_is_named_in_the_receipt(clean_store: Store) -> None:
    """Saved again, in a later batch: a person decides, and is told which page it is the copy of; the first stays."""
    first = send(clean_store, {"a.jpg": GOOD}, 1)
    jobs.check()
    copy = page_jpeg(1, quality=80)
    body = manifest([document("D2", {"b.jpg": copy}, dossier_code="H37.80.01-230306-0002")], 2)
    put_files(clean_store, body["batch"], {"b.jpg": copy})
    sha256 = commit(clean_store, body)
    jobs.check()
    found = {row["document_id"]: (row["verdict"], row["defects"]) for row in rows(clean_store, "documents")}
    assert found == {"D1": ("accepted", []), "D2": ("review", ["duplicate_page"])}
    (told,) = receipt(clean_store, body["batch"], sha256)["documents"]
    original = {"batch": first, "document_id": "D1", "file": "a.jpg", "page_no": 1}
    assert told["duplicates"] == [{"file": "b.jpg", "page_no": 1, "copy_of": original}]
    assert told["defects"][0]["name"] == "duplicate_page"
    assert twin_of(clean_store, first) is None


def test_duplicates_do_not_depend_on_how_batches_are_taken_together(clean_store: Store) -> None:
    """In one run or in two: what was received first is the original; the same day again, and replaced, it is none."""
    earlier, later = send(clean_store, {"a.jpg": GOOD}, 2), send(clean_store, {"b.jpg": GOOD}, 3)
    jobs.check()
    again = send(clean_store, {"c.jpg": GOOD}, 1, replaces="D3")
    jobs.check()
    assert twin_of(clean_store, earlier) is None
    for batch in (later, again):
        found = twin_of(clean_store, batch)
        assert (found["batch"], found["document_id"], found["bits"]) == (earlier, "D2", 0)
    last = send(clean_store, {"d.jpg": GOOD}, 4, replaces="D1")
    last_of_d2 = send(clean_store, {"e.jpg": GOOD}, 5, replaces="D2")
    jobs.check()
    assert twin_of(clean_store, last)["document_id"] == "D2"
    assert twin_of(clean_store, last_of_d2)["document_id"] == "D4"


def test_only_the_captures_of_the_window_are_read(clean_store: Store) -> None:
    """The objects of older days are not even listed."""
    send(clean_store, {"a.jpg": GOOD}, 1)
    jobs.check()
    prefix = layout.captures_prefix(AGENCY)
    (key,) = [item.key for item in clean_store.list_objects(layout.WAREHOUSE, prefix)]
    day = date.fromisoformat(key.removeprefix(prefix).partition("_")[0])
    for first, found in ((day, [key]), (day + timedelta(1), [])):
        since = f"{prefix}{first.isoformat()}"
        assert [item.key for item in clean_store.list_objects(layout.WAREHOUSE, prefix, since)] == found


def map_parts(parts: int = 2) -> dict[str, bytes]:
    """A reference of a sheet at 60 dpi and its upper and lower half, overlapping, at 100 dpi."""
    sheet = page_image(9, 100)
    width, height = sheet.size
    images = [(sheet.resize((round(width * 0.6), round(height * 0.6))), 60)]
    images += [(sheet.crop((0, top, width, top + round(height * 0.55))), 100) for top in (0, round(height * 0.45))]
    files = {}
    for number, (image, dpi) in enumerate(images[: 1 + parts]):
        sink = io.BytesIO()
        image.save(sink, "JPEG", quality=90, dpi=(dpi, dpi))
        files[f"{number}.jpg"] = sink.getvalue()
    return files


@pytest.mark.parametrize(("tiles", "reference"), [(2, True), (1, True), (2, False)])
def test_tiles_are_laid_on_the_reference_of_their_sheet(clean_store: Store, tiles: int, reference: bool) -> None:
    """A part that no tile shows is a missing page; the receipt says of each sheet what could be seen."""
    files = dict(list(map_parts(tiles).items())[0 if reference else 1 :])
    told = document("D1", files, physical_pages=1, content="map", paper="a4")
    for file in told["files"]:
        file |= {"role": "reference" if file["path"] == "0.jpg" else "tile", "sheet": 1}
    body = manifest([told])
    put_files(clean_store, body["batch"], files)
    sha256 = commit(clean_store, body)
    jobs.check()
    (found,) = rows(clean_store, "documents")
    assert ("missing_page" in found["defects"]) == (tiles == 1)
    (sheet,) = receipt(clean_store, body["batch"], sha256)["documents"][0]["sheets"]
    assert (sheet["sheet"], sheet["tiles"], sheet["references"]) == (1, tiles, int(reference))
    if reference:
        assert (sheet["uncovered_ratio"] > 0.3) == (tiles == 1)
        (row,) = rows(clean_store, "pages", role="reference")
        assert row["uncovered_ratio"] == sheet["uncovered_ratio"]
    else:
        assert sheet["uncovered_ratio"] is None and "ảnh chụp toàn tờ" in sheet["message_vi"]
    assert "sketch" not in row_names(clean_store)


def row_names(store: Store) -> list[str]:
    """Columns of the page objects as they are stored."""
    (item,) = store.list_objects(layout.WAREHOUSE, layout.table_prefix("pages"))
    return list(store.get_parquet(item.key).column_names)
