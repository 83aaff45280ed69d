"""Sound page files of every format and coding that is read, made on the spot: what the fuzz command breaks."""

from __future__ import annotations

import io
import time
import zlib
from datetime import UTC, datetime

import numpy as np
import pikepdf
import tifffile
from asn1crypto import keys, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, sign_pdf
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.pages.page_files import a4_image

_A4_POINTS = (595.28, 841.89)
_DAY = datetime(2023, 1, 1, tzinfo=UTC)


def make_seeds() -> dict[str, bytes]:
    """Sound page files of every format and coding that is read, small enough to measure thousands."""
    colour = a4_image(40)
    grey, two = colour.convert("L"), colour.convert("1")
    seeds = {
        "jpeg": _saved(colour, "JPEG", quality=80, dpi=(40, 40)),
        "jpeg progressive": _saved(colour, "JPEG", progressive=True),
        "jpeg grey, turned": _saved(grey, "JPEG", exif=_exif(6)),
        "jpeg cmyk": _saved(colour.convert("CMYK"), "JPEG"),
        "png": _saved(colour, "PNG", dpi=(40, 40)),
        "png palette": _saved(colour.quantize(16), "PNG"),
        "png 16 bit": _saved(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), "PNG"),
        "png alpha": _saved(colour.convert("RGBA"), "PNG"),
        "tiff lzw": _saved(colour, "TIFF", compression="tiff_lzw", dpi=(40, 40)),
        "tiff g4": _saved(two, "TIFF", compression="group4", save_all=True, append_images=[two]),
        "tiff g3": _saved(two, "TIFF", compression="group3"),
        "tiff g3, two ways": _saved(two, "TIFF", compression="group3", tiffinfo={292: 1}),
        "tiff rle": _saved(two, "TIFF", compression="tiff_ccitt"),
        "tiff jpeg": _saved(colour, "TIFF", compression="jpeg"),
        "tiff packbits": _saved(grey, "TIFF", compression="packbits"),
        "tiff deflate": _saved(colour, "TIFF", compression="tiff_adobe_deflate"),
        "tiff tiles": _tiled(np.asarray(colour), bigtiff=False),
        "bigtiff": _tiled(np.asarray(grey), bigtiff=True),
    }
    raw, size = zlib.compress(np.asarray(colour).tobytes()), colour.size
    return seeds | {
        "pdf jpeg": wrap_in_pdf(seeds["jpeg"], size, "/DCTDecode", 2),
        "pdf flate": wrap_in_pdf(raw, size, "/FlateDecode"),
        "pdf compact": wrap_in_pdf(
            seeds["jpeg"], size, "/DCTDecode", object_stream_mode=pikepdf.ObjectStreamMode.generate
        ),
        "pdf g4": _saved(two, "PDF", resolution=40, creationDate=time.gmtime(0), modDate=time.gmtime(0)),
        "pdf drawn": _drawn_pdf(),
        "pdf locked": wrap_in_pdf(raw, size, "/FlateDecode", encryption=pikepdf.Encryption(owner="a", user="")),
        "pdf signed": _signed_pdf(wrap_in_pdf(seeds["jpeg"], size, "/DCTDecode")),
        "pdf jpeg 2000": wrap_in_pdf(_saved(colour, "JPEG2000"), size, "/JPXDecode"),
        "pdf jpeg 2000 in tiles": wrap_in_pdf(_saved(colour, "JPEG2000", tile_size=(128, 128)), size, "/JPXDecode"),
        "pdf jpeg in flate": wrap_in_pdf(zlib.compress(seeds["jpeg"]), size, ["/FlateDecode", "/DCTDecode"]),
        "pdf in pdf": _nested_pdf(wrap_in_pdf(seeds["jpeg"], size, "/DCTDecode")),
    }


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274], exif[282], exif[283], exif[296] = orientation, 40.0, 40.0, 2
    return exif


def _tiled(page: np.ndarray, bigtiff: bool) -> bytes:
    out = io.BytesIO()
    with tifffile.TiffWriter(out, bigtiff=bigtiff) as writer:
        writer.write(page, tile=(64, 64))
    return out.getvalue()


def wrap_in_pdf(stream: bytes, size: tuple[int, int], coding: str | list[str], pages: int = 1, **save: object) -> bytes:
    """A PDF of A4 pages, each with ``stream`` as its one image."""
    with pikepdf.new() as pdf:
        image = pikepdf.Stream(pdf, b"")
        names = [pikepdf.Name(name) for name in ([coding] if isinstance(coding, str) else coding)]
        image.write(stream, filter=pikepdf.Array(names) if len(names) > 1 else names[0])
        image["/Subtype"], image["/ColorSpace"] = pikepdf.Name("/Image"), pikepdf.Name("/DeviceRGB")
        image["/Width"], image["/Height"], image["/BitsPerComponent"] = *size, 8
        for _ in range(pages):
            pdf.add_blank_page(page_size=_A4_POINTS)
            page = pdf.pages[-1].obj
            page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
            page["/Contents"] = pdf.make_stream(b"q %g 0 0 %g 0 0 cm /Im0 Do Q" % _A4_POINTS)
        out = io.BytesIO()
        pdf.save(out, deterministic_id="encryption" not in save, **save)
        return out.getvalue()


def _drawn_pdf() -> bytes:
    """A page that has to be rendered: text, lines, a form that holds a form."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=_A4_POINTS)
        font = pikepdf.Dictionary(
            Type=pikepdf.Name("/Font"), Subtype=pikepdf.Name("/Type1"), BaseFont=pikepdf.Name("/Helvetica")
        )
        inner = pdf.make_stream(b"BT /F0 20 Tf 100 500 Td (ho so) Tj ET")
        outer = pdf.make_stream(b"/Fm1 Do 100 100 300 200 re S")
        for form, held in ((inner, {}), (outer, {"/Fm1": inner})):
            form["/Type"], form["/Subtype"] = pikepdf.Name("/XObject"), pikepdf.Name("/Form")
            form["/BBox"] = [0, 0, 600, 900]
            form["/Resources"] = pikepdf.Dictionary({"/Font": {"/F0": font}, "/XObject": held})
        page = pdf.pages[0].obj
        page["/Resources"] = pikepdf.Dictionary({"/XObject": {"/Fm0": outer}, "/Font": {"/F0": font}})
        page["/Contents"] = pdf.make_stream(b"q /Fm0 Do Q BT /F0 12 Tf 50 700 Td (thanh phan) Tj ET")
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def _nested_pdf(inner: bytes) -> bytes:
    """A PDF that carries a PDF."""
    with pikepdf.open(io.BytesIO(inner)) as pdf:
        pdf.attachments["inside.pdf"] = inner
        out = io.BytesIO()
        pdf.save(out, compress_streams=False, deterministic_id=True)
        return out.getvalue()


def _signed_pdf(data: bytes) -> bytes:
    """A PDF with a signature that fits, of a certificate that nobody vouches for."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    name = certificates.Name([certificates.NameAttribute(certificates.NameOID.COMMON_NAME, "fuzz")])
    builder = certificates.CertificateBuilder(name, name, key.public_key(), 1, _DAY, _DAY.replace(year=2043))
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=x509.Certificate.load(builder.sign(key, None).public_bytes(Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    sign_pdf(writer, PdfSignatureMetadata(field_name="Sig", md_algorithm="sha512"), signer=signer, output=out)
    return out.getvalue()
