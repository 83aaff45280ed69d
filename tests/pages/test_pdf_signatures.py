"""Digital signatures: made here with a certificate of the moment, then left alone, added to or tampered with."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pikepdf
import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sohoa.pages.decode.pdf_signatures import check_signatures
from sohoa.pages.guard.guard import Guard
from tests.pages.page_files import LIMITS, code, jpeg, measure, pdf_file, text_page

DAY = datetime(2023, 1, 1, tzinfo=UTC)
TOP_LEFT, TOP_RIGHT = (20, 780, 200, 830), (400, 780, 580, 830)


@cache
def signer(kind: str = "rsa") -> signers.SimpleSigner:
    """A signer with a certificate that nobody vouches for: trust is not what is checked."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nguyễn Thị Mẫu")])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    draft = x509.CertificateBuilder(name, name, key.public_key(), 1, DAY, DAY + timedelta(days=3650))
    certificate = draft.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    plain = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(key.private_bytes(*plain)),
        cert_registry=SimpleCertificateStore(),
    )


def sign(pdf: bytes, name: str = "personal", box: tuple[int, ...] = TOP_LEFT, kind: str = "rsa", **meta: Any) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    field = fields.SigFieldSpec(name, box=box)  # type: ignore[arg-type]
    made = signers.PdfSignatureMetadata(field_name=name, **meta)
    out: bytes = signers.sign_pdf(writer, made, signer=signer(kind), new_field_spec=field).getvalue()
    return out


def turn_page(pdf: bytes) -> bytes:
    """The file with an update appended that changes what its page shows."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    page.get_object()["/Rotate"] = generic.NumberObject(180)
    writer.mark_update(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def save_again(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out)
    return out.getvalue()


def contents_at(pdf: bytes) -> int:
    """Where the digits of the signature begin."""
    return pdf.index(b"/Contents <") + len(b"/Contents <")


def flip(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


PLAIN = pdf_file([jpeg(text_page())])
SIGNED = sign(PLAIN)


@pytest.mark.parametrize(
    "pdf",
    [
        SIGNED,
        sign(PLAIN, "organisation", TOP_RIGHT),
        sign(PLAIN, kind="ec"),
        sign(PLAIN, subfilter=fields.SigSeedSubFilter.PADES),
        sign(PLAIN, certify=True),
        sign(SIGNED, "organisation", TOP_RIGHT),
        sign(turn_page(SIGNED), "organisation", TOP_RIGHT),
        SIGNED + b"\n",
    ],
    ids=["personal", "organisation", "ec", "pades", "certified", "both", "last_covers_all", "line_end"],
)
def test_an_intact_signature_is_present_and_no_fault(pdf: bytes) -> None:
    """Top left or top right, any usual kind; of several, the last vouches for the file as it is."""
    [row] = measure(pdf)
    assert (row["has_signature"], row["error"]) == (True, None)


@pytest.mark.parametrize(
    "pdf",
    [
        flip(SIGNED, SIGNED.index(b"\xff\xd8\xff") + 2000),
        flip(SIGNED, SIGNED.rindex(b"<") + 5),
        turn_page(SIGNED),
        turn_page(sign(SIGNED, "organisation", TOP_RIGHT)),
        turn_page(sign(PLAIN, certify=True)),
        save_again(SIGNED),
    ],
    ids=["pixel", "after_the_gap", "update", "update_after_both", "update_of_certified", "saved_again"],
)
def test_a_file_changed_after_it_was_signed_is_an_error(pdf: bytes) -> None:
    """A flipped bit in the picture or the file's end, an appended change, a rewritten file."""
    fault = check_signatures(pdf)
    assert fault is not None and fault.code == "altered"
    assert "ký lại" in fault.text and "sign it again" in fault.text


def test_the_pages_of_an_altered_file_are_measured_all_the_same() -> None:
    """Integrity fails, pixels came out: error and ink are both in the row."""
    [row] = measure(turn_page(SIGNED))
    assert code(row) == "altered"
    assert row["has_signature"] is True
    assert row["ink_ratio"] > 0.01


def test_a_file_without_signature_is_not_signed() -> None:
    """No field, or an empty one."""
    empty = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(PLAIN), strict=False)
    fields.append_signature_field(writer, fields.SigFieldSpec("later", box=TOP_LEFT))
    writer.write(empty)
    for pdf in (PLAIN, empty.getvalue()):
        [row] = measure(pdf)
        assert (row["has_signature"], row["error"]) == (False, None)


@pytest.mark.parametrize("filling", [b"00", b"5a"])
def test_a_place_for_a_signature_without_one_in_it_is_broken(filling: bytes) -> None:
    """Signing that stopped half-way leaves zeros."""
    start = contents_at(SIGNED)
    [row] = measure(SIGNED[:start] + filling * 2000 + SIGNED[start + 4000 :])
    assert (row["has_signature"], code(row)) == (True, "altered")


def test_a_signature_of_an_unknown_kind_is_present_and_not_doubted() -> None:
    """What cannot be checked is not called broken."""
    other = SIGNED.replace(b"/adbe.pkcs7.detached", b"/adbe.pkcs7.attached")
    assert len(other) == len(SIGNED) and other != SIGNED
    [row] = measure(other)
    assert (row["has_signature"], row["error"]) == (True, None)


def test_a_signature_whose_own_mathematics_fail_is_broken() -> None:
    """Digest of the file right, signature over it of another key."""
    start = contents_at(SIGNED)
    gap = SIGNED[start : SIGNED.index(b">", start)]
    end = len(gap.rstrip(b"0")) - 40  # the value is the last part of the structure, before the padding
    broken = SIGNED[: start + end] + b"%02x" % (int(gap[end : end + 2], 16) ^ 1) + SIGNED[start + end + 2 :]
    assert len(broken) == len(SIGNED)
    fault = check_signatures(broken)
    assert fault is not None and fault.code == "altered"


def test_a_byte_range_that_leaves_bytes_out_covers_nothing() -> None:
    """The range skips more than the signature itself: what lies there could be anything."""
    at = SIGNED.index(b"/ByteRange [") + len(b"/ByteRange [")
    end = SIGNED.index(b"]", at)
    first, length, second, rest = (int(word) for word in SIGNED[at:end].split())
    other = b"%d %d %d %d" % (first, length - 100, second, rest)
    fault = check_signatures(SIGNED[:at] + other.ljust(end - at) + SIGNED[end:])
    assert fault is not None and fault.code == "altered"


@pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")  # a page taken alone loses its form, as meant here
def test_too_many_signatures_are_refused_before_they_are_checked() -> None:
    """Each is a pass over the whole file."""
    with pikepdf.open(io.BytesIO(SIGNED)) as pdf:
        pdf.Root.AcroForm.Fields = pikepdf.Array(
            [
                pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=f"s{n}", V=pdf.Root.AcroForm.Fields[0].V))
                for n in range(40)
            ]
        )
        out = io.BytesIO()
        pdf.save(out)
    fault = check_signatures(out.getvalue())
    assert fault is not None and fault.code == "too_large"


def test_damaged_signed_files_raise_nothing() -> None:
    """Cut, zeroed and flipped at many places: each gives an answer."""
    for step in range(1, 60):
        at = step * len(SIGNED) // 60
        for pdf in (SIGNED[:at], flip(SIGNED, at), SIGNED[:at] + bytes(50) + SIGNED[at + 50 :]):
            fault = check_signatures(pdf)
            assert fault is None or fault.code == "altered"
    tail = SIGNED.rindex(b"/AcroForm")
    for at in range(tail, tail + 200, 3):
        check_signatures(flip(SIGNED, at))


def test_a_guarded_process_says_the_same() -> None:
    """Under the limits of the processes that measure, the library loads and answers."""
    with Guard(LIMITS, 1) as guard:
        assert guard.measure_bytes(SIGNED, "page") == measure(SIGNED)
