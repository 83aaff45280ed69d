"""Small real batches for tests: pages drawn on the spot, manifests by hand, committed the way an agency does."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pikepdf
from PIL import Image, ImageDraw

from sohoa import layout
from sohoa.store import Store

AGENCY, DAY = "H37.80.01", date(2023, 3, 6)
DOSSIER = "H37.80.01-230306-0001"


def page_image(seed: int = 0, dpi: int = 200, lines: int = 40) -> Image.Image:
    """A clean A4 page: coloured paper with a little texture and lines of text."""
    rng = np.random.default_rng(seed)
    width, height = round(210 / 25.4 * dpi), round(297 / 25.4 * dpi)
    texture = rng.normal(0, 1.0, (height, width))
    image = Image.fromarray(np.dstack([(level + texture).astype(np.uint8) for level in (246, 243, 234)]))
    draw = ImageDraw.Draw(image)
    for line in range(lines):
        words = " ".join("".join(rng.choice(list("aehlmnotu"), 6)) for _ in range(11))
        draw.text((width * 0.12, height * (0.08 + 0.84 * line / lines)), words, fill=(30, 30, 45), font_size=dpi * 0.14)
    return image


@cache  # many tests send the same page
def page_jpeg(seed: int = 0, dpi: int = 200, quality: int = 90) -> bytes:
    sink = io.BytesIO()
    page_image(seed, dpi).save(sink, "JPEG", quality=quality, dpi=(dpi, dpi))
    return sink.getvalue()


@cache
def page_pdf(pages: int = 1, password: str = "", version: str = "1.7", seed: int = 0) -> bytes:
    """A PDF of A4 pages, each one full-page JPEG at 200 dpi."""
    with pikepdf.new() as pdf:
        for number in range(pages):
            pdf.add_blank_page(page_size=(595.276, 841.89))
            page = pdf.pages[-1]
            image = page_image(seed + number)
            name = page.add_resource(_image_stream(pdf, image), pikepdf.Name.XObject)
            page.Contents = pdf.make_stream(f"q 595.276 0 0 841.89 0 0 cm {name} Do Q".encode())
        sink = io.BytesIO()
        lock = pikepdf.Encryption(owner=password, user=password) if password else None
        options: dict[str, Any] = {"force_version": version} if not password else {}
        pdf.save(sink, encryption=lock or False, **options)
    return sink.getvalue()


def _image_stream(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Stream:
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=90)
    return pikepdf.Stream(
        pdf,
        sink.getvalue(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=image.width,
        Height=image.height,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )


def document(document_id: str, files: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    """A manifest's document with true hashes, and ``changes`` on top."""
    return {
        "document_id": document_id,
        "dossier_code": DOSSIER,
        "procedure_code": "1.001193",
        "kind": "component",
        "title": "Tờ khai đăng ký khai sinh",
        "content": "text",
        "paper": "a4",
        "cover": "matte",
        "physical_pages": max(1, len(files)),
        "files": [
            {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for path, data in files.items()
        ],
    } | changes


def manifest(documents: list[dict[str, Any]], number: int = 1, agency: str = AGENCY, **changes: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "agency": agency,
        "batch": f"{agency}-{DAY:%Y%m%d}-{number:03d}",
        "scan_date": DAY.isoformat(),
        "operator": "Nguyễn Thị Hoa",
        "device": {"id": "M1", "model": "ScanPro 200", "kind": "adf"},
        "documents": documents,
    } | changes


def put_files(store: Store, batch: str, files: dict[str, bytes], agency: str = AGENCY) -> None:
    for path, data in files.items():
        store.put(layout.LANDING, layout.batch_prefix(agency, DAY, batch) + path, data)


def commit(store: Store, body: dict[str, Any] | bytes, batch: str | None = None, agency: str = AGENCY) -> str:
    """Put a manifest into the inbox; returns its sha256."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    name = batch or (body["batch"] if isinstance(body, dict) else "")
    store.put(layout.LANDING, layout.inbox_key(agency, name), data)
    return hashlib.sha256(data).hexdigest()


def send(store: Store, files: dict[str, bytes], number: int = 1, **changes: Any) -> str:
    """Send one document's files as a batch of its own; returns the batch id."""
    body = manifest([document(f"D{number}", files, **changes)], number)
    put_files(store, body["batch"], files)
    commit(store, body)
    return str(body["batch"])


def receipt(store: Store, batch: str, sha256: str, agency: str = AGENCY) -> dict[str, Any]:
    found: dict[str, Any] = store.get_json(layout.LANDING, layout.receipt_key(agency, batch, sha256))
    return found
