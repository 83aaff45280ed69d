"""A batch with many defects, and the slip that its agency gets, read."""

from __future__ import annotations

import base64
import io
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from sohoa import jobs, layout
from sohoa.store import Store
from tests.batch_builder import AGENCY, commit, document, manifest, page_image, page_jpeg, page_pdf, put_files

GOOD = page_jpeg(1)
NOON = datetime(2023, 3, 7, 12)  # noqa: DTZ001 (wall clock of the province)


class Slip(HTMLParser):
    """The parts of a slip that tests ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._style = "", False
        self.style = ""
        self.feed(page)
        self.text = " ".join(self.text.replace("\u00a0", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.style, self._style = data, False
        else:
            self.text += data + " "

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def pictures(self) -> list[bytes]:
        return [base64.b64decode((image["href"] or "").partition(",")[2]) for image in self.all("image")]


def slip(store: Store, batch: str, sha256: str, agency: str = AGENCY) -> Slip:
    return Slip(store.get(layout.LANDING, layout.receipt_key(agency, batch, sha256, "html")).decode())


def saved(image: Image.Image, dpi: int = 200) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=90, dpi=(dpi, dpi))
    return sink.getvalue()


def turned() -> bytes:
    return saved(page_image(2).rotate(5, fillcolor=(246, 243, 234), resample=Image.Resampling.BICUBIC))


def streaked() -> bytes:
    """A grey line that dust draws, at 105 mm."""
    image = page_image(3)
    x = round(105 / 25.4 * 200)
    ImageDraw.Draw(image).line([(x, 0), (x, image.height)], fill=(130, 130, 130), width=3)
    return saved(image)


def bordered() -> bytes:
    """Scanner bed along the whole right side."""
    pixels = np.array(page_image(4))
    pixels[:, -60:] = 20
    return saved(Image.fromarray(pixels))


@cache
def files() -> dict[str, bytes]:
    """One good file and one for each of some faults."""
    return {
        "skewed.jpg": turned(),
        "streaks.jpg": streaked(),
        "border.jpg": bordered(),
        "coarse.jpg": page_jpeg(5, dpi=100),
        "cut.jpg": page_jpeg(6)[:-9_000],
        "other.jpg": b"xin chao",
        "good.jpg": GOOD,
    }


def deliver(store: Store, documents: list[dict[str, Any]], files: dict[str, bytes], number: int = 1) -> tuple[str, str]:
    """Send a batch; returns its id and the manifest's sha256."""
    body = manifest(documents, number)
    put_files(store, body["batch"], files)
    return body["batch"], commit(store, body)


def deliver_all(store: Store) -> tuple[str, str]:
    """One document a file, and one that was not scanned, one with a page too few."""
    documents = [document(name, {name: data}) for name, data in files().items()]
    documents.append(document("none", {}, not_scanned="fragile"))
    lack = {"lack.pdf": page_pdf(1, seed=30)}
    documents.append(document("lack", lack, physical_pages=3))
    return deliver(store, documents, files() | lack)


def deliver_all_and_check(store: Store) -> tuple[str, str]:
    place = deliver_all(store)
    jobs.check()
    return place


def deliver_good(store: Store, number: int) -> None:
    """A batch of one good page, checked."""
    good = {"n.jpg": page_jpeg(60 + number)}
    deliver(store, [document(f"N{number}", good)], good, number)
    jobs.check()


def pictured(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, layout.PICTURED)]
