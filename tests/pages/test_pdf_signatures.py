"""Digital signatures: made here with a certificate of the moment, then left alone, added to or tampered with."""

from __future__ import annotations

import io
from collections.abc import Callable
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
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.guard.guard import Guard
from tests.pages.page_files import LIMITS, code, jpeg, measure, pdf_file, text_page

DAY = datetime(2023, 1, 1, tzinfo=UTC)
TOP_LEFT, TOP_RIGHT = (20, 780, 200, 830), (400, 780, 580, 830)


@cache
@cache  # a key takes a tenth of a second
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
    "pdf_of",
    [
        lambda: SIGNED,
        lambda: sign(PLAIN, "organisation", TOP_RIGHT),
        lambda: sign(PLAIN, kind="ec"),
        lambda: sign(PLAIN, subfilter=fields.SigSeedSubFilter.PADES),
        lambda: sign(PLAIN, certify=True),
        lambda: sign(SIGNED, "organisation", TOP_RIGHT),
        lambda: sign(turn_page(SIGNED), "organisation", TOP_RIGHT),
        lambda: SIGNED + b"\n",
    ],
    ids=["personal", "organisation", "ec", "pades", "certified", "both", "last_covers_all", "line_end"],
)
def test_an_intact_signature_is_present_and_no_fault(pdf_of: Callable[[], bytes]) -> None:
    """Top left or top right, any usual kind; of several, the last vouches for the file as it is."""
    [row] = measure(pdf_of())
    assert (row["has_signature"], row["signature_state"], row["error"]) == (True, "fits", None)


@pytest.mark.parametrize(
    "pdf_of",
    [
        lambda: flip(SIGNED, SIGNED.index(b"\xff\xd8\xff") + 2000),
        lambda: flip(SIGNED, SIGNED.rindex(b"<") + 5),
        lambda: turn_page(SIGNED),
        lambda: turn_page(sign(SIGNED, "organisation", TOP_RIGHT)),
        lambda: turn_page(sign(PLAIN, certify=True)),
        lambda: save_again(SIGNED),
    ],
    ids=["pixel", "after_the_gap", "update", "update_after_both", "update_of_certified", "saved_again"],
)
def test_a_file_changed_after_it_was_signed_is_an_error(pdf_of: Callable[[], bytes]) -> None:
    """A flipped bit in the picture or the file's end, an appended change, a rewritten file."""
    fault = check_signatures(pdf_of())
    assert isinstance(fault, BadPage) and fault.code == "altered"
    assert "ký lại" in fault.text and "sign it again" in fault.text


def test_the_pages_of_an_altered_file_are_measured_all_the_same() -> None:
    """Integrity fails, pixels came out: error and ink are both in the row."""
    [row] = measure(turn_page(SIGNED))
    assert code(row) == "altered"
    assert (row["has_signature"], row["signature_state"]) == (True, None)
    assert row["ink_ratio"] > 0.01


def test_a_file_without_signature_is_not_signed() -> None:
    """No field, or an empty one."""
    empty = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(PLAIN), strict=False)
    fields.append_signature_field(writer, fields.SigFieldSpec("later", box=TOP_LEFT))
    writer.write(empty)
    for pdf in (PLAIN, empty.getvalue()):
        [row] = measure(pdf)
        assert (row["has_signature"], row["signature_state"], row["error"]) == (False, None, None)


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
    assert (row["has_signature"], row["signature_state"], row["error"]) == (True, "unchecked", None)


def test_a_signature_whose_own_mathematics_fail_is_broken() -> None:
    """Digest of the file right, signature over it of another key."""
    start = contents_at(SIGNED)
    gap = SIGNED[start : SIGNED.index(b">", start)]
    end = len(gap.rstrip(b"0")) - 40  # the value is the last part of the structure, before the padding
    broken = SIGNED[: start + end] + b"%02x" % (int(gap[end : end + 2], 16) ^ 1) + SIGNED[start + end + 2 :]
    assert len(broken) == len(SIGNED)
    fault = check_signatures(broken)
    assert isinstance(fault, BadPage) and fault.code == "altered"


def test_a_byte_range_that_leaves_bytes_out_covers_nothing() -> None:
    """The range skips more than the signature itself: what lies there could be anything."""
    at = SIGNED.index(b"/ByteRange [") + len(b"/ByteRange [")
    end = SIGNED.index(b"]", at)
    first, length, second, rest = (int(word) for word in SIGNED[at:end].split())
    other = b"%d %d %d %d" % (first, length - 100, second, rest)
    fault = check_signatures(SIGNED[:at] + other.ljust(end - at) + SIGNED[end:])
    assert isinstance(fault, BadPage) and fault.code == "altered"


def with_fields(count: int) -> bytes:
    """The signed file saved with its signature in that many fields."""
    with pikepdf.open(io.BytesIO(SIGNED)) as pdf:
        value = pdf.Root.AcroForm.Fields[0].V
        pdf.Root.AcroForm.Fields = pikepdf.Array(
            [
                pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=f"s{number}", V=value))
                for number in range(count)
            ]
        )
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")  # a page taken alone loses its form, as meant here
def test_too_many_signatures_are_refused_before_they_are_checked() -> None:
    """Each is a pass over the whole file."""
    fault = check_signatures(with_fields(400))
    assert isinstance(fault, BadPage) and fault.code == "too_large"


def test_many_signatures_are_checked_each() -> None:
    """A paper that twenty people sign is as sound as one; one broken signature among them is told."""
    pdf = SIGNED
    for number in range(19):
        pdf = sign(pdf, f"reader{number}")
    assert check_signatures(pdf) == "fits"
    fault = check_signatures(flip(pdf, SIGNED.index(b"\xff\xd8\xff") + 2000))
    assert isinstance(fault, BadPage) and fault.code == "altered"


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The file with an update appended."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def dictionary(**keys: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({generic.NameObject(f"/{key}"): value for key, value in keys.items()})


def grow_evidence(writer: IncrementalPdfFileWriter) -> None:
    """Revocation data as other programs write them: keys by the wrong name, a type that no standard has."""
    stream = writer.add_object(generic.StreamObject(stream_data=b"certificate"))
    vri = dictionary(abc=dictionary(Type=generic.NameObject("/Foreign"), Cert=generic.ArrayObject([stream])))
    writer.root["/DSS"] = writer.add_object(dictionary(Certs=generic.ArrayObject([stream]), VRI=vri))
    writer.update_root()


def stamp_time(writer: IncrementalPdfFileWriter) -> None:
    """A field of a document time stamp that has no area."""
    box = generic.ArrayObject([generic.NumberObject(0)] * 4)
    value = dictionary(Type=generic.NameObject("/DocTimeStamp"), SubFilter=generic.NameObject("/ETSI.RFC3161"))
    field = dictionary(
        Type=generic.NameObject("/Annot"), Subtype=generic.NameObject("/Widget"), FT=generic.NameObject("/Sig"),
        T=generic.pdf_string("time.stamp"), Rect=box, V=writer.add_object(value),
    )  # fmt: skip
    added = writer.add_object(field)
    writer.root["/AcroForm"]["/Fields"].append(added)
    writer.update_container(writer.root["/AcroForm"]["/Fields"])
    page = writer.root["/Pages"]["/Kids"].raw_get(0).get_object()
    page["/Annots"].append(added)
    writer.update_container(page["/Annots"])


def with_text_field(name: str) -> bytes:
    """The plain file with a text field, whose value has an appearance."""
    with pikepdf.open(io.BytesIO(PLAIN)) as pdf:
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T=name,
                V="",
                Rect=[50, 50, 250, 70],
                I=[0],
                AP=pikepdf.Dictionary(N=pdf.make_stream(b"")),
            )
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([field])
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=[field])
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def fill(writer: IncrementalPdfFileWriter, **more: Any) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/V"] = generic.pdf_string("Nguyen Thi Mau")
    field["/I"] = generic.ArrayObject([generic.NumberObject(1)])
    field["/AP"] = dictionary(N=writer.add_object(generic.StreamObject(stream_data=b"BT ET")))
    for key, value in more.items():
        field[f"/{key}"] = value
    writer.update_container(field)


FORM = sign(with_text_field("ho.so.ten"))


@pytest.mark.parametrize(
    "pdf_of",
    [
        lambda: updated(SIGNED, grow_evidence),
        lambda: updated(SIGNED, stamp_time),
        lambda: updated(updated(updated(SIGNED, grow_evidence), stamp_time), grow_evidence),
        lambda: updated(sign(PLAIN, certify=True), grow_evidence),
        lambda: updated(sign(with_text_field("a.b")), grow_evidence),
        lambda: updated(FORM, fill),
        lambda: updated(sign(with_text_field("ten"), certify=True), fill),
    ],
    ids=["evidence", "time_stamp", "all", "certified", "name_with_dot", "filled", "filled_certified"],
)
def test_evidence_and_filled_fields_after_the_signature_are_no_change(pdf_of: Callable[[], bytes]) -> None:
    """What makes a signature last, and what a form leaves open, shows the same page; a time stamp is no signature."""
    assert check_signatures(pdf_of()) == "fits"


def show_more(writer: IncrementalPdfFileWriter) -> None:
    """New content drawn over the page."""
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    page.get_object()["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 300 300 re f"))
    writer.mark_update(page)


def swap_image(writer: IncrementalPdfFileWriter) -> None:
    """Another picture under the same name."""
    image = writer.root["/Pages"]["/Kids"][0]["/Resources"]["/XObject"].raw_get("/Im0")
    writer.objects[image.generation, image.idnum] = generic.StreamObject(
        dict_data=dict(image.get_object().items()), encoded_data=jpeg(text_page(lines=3))
    )


def lay_over(writer: IncrementalPdfFileWriter, kind: str = "/Stamp", field: str | None = None) -> None:
    """An annotation with an appearance over the whole page."""
    appearance = writer.add_object(generic.StreamObject(stream_data=b"0 0 600 900 re f"))
    note = dictionary(
        Type=generic.NameObject("/Annot"), Subtype=generic.NameObject(kind), AP=dictionary(N=appearance),
        Rect=generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 600, 900)]),
    )  # fmt: skip
    if field:
        note |= {
            generic.NameObject("/FT"): generic.NameObject(field),
            generic.NameObject("/T"): generic.pdf_string("x"),
        }
    page = writer.root["/Pages"]["/Kids"].raw_get(0).get_object()
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page["/Annots"])


def run_script(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/OpenAction"] = dictionary(S=generic.NameObject("/JavaScript"), JS=generic.pdf_string("x"))
    writer.update_root()


FILL_ONLY = {"certify": True, "docmdp_permissions": fields.MDPPerm.FILL_FORMS}
NO_CHANGES = {"certify": True, "docmdp_permissions": fields.MDPPerm.NO_CHANGES}
WIDE = {"Rect": generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 600, 900)])}


@pytest.mark.parametrize(
    "pdf_of",
    [
        lambda: updated(SIGNED, show_more),
        lambda: updated(SIGNED, swap_image),
        lambda: updated(SIGNED, lay_over),
        lambda: updated(SIGNED, lambda writer: lay_over(writer, "/Widget", "/Tx")),
        lambda: updated(SIGNED, lambda writer: lay_over(writer, "/Widget", "/Sig")),
        lambda: updated(SIGNED, run_script),
        lambda: updated(updated(updated(SIGNED, grow_evidence), swap_image), stamp_time),
        lambda: updated(updated(FORM, fill), show_more),
        lambda: updated(FORM, lambda writer: fill(writer, **WIDE)),
        lambda: updated(FORM, lambda writer: fill(writer, A=dictionary(S=generic.NameObject("/JavaScript")))),
        lambda: updated(sign(with_text_field("ten"), **NO_CHANGES), fill),
        lambda: updated(sign(sign(with_text_field("ten"), **FILL_ONLY), "second"), show_more),
    ],
    ids=[
        "content", "image", "note", "text_field", "signature_field", "script", "between_evidence", "filled_and_content",
        "field_made_larger", "field_with_action", "filled_though_closed", "content_though_fields_only",
    ],
)  # fmt: skip
def test_what_shows_or_acts_after_the_signature_is_a_change(pdf_of: Callable[[], bytes]) -> None:
    """Evidence around it, or a time stamp after it, makes no change good."""
    fault = check_signatures(pdf_of())
    assert isinstance(fault, BadPage) and fault.code == "altered"


def with_algorithm(pdf: bytes, name: bytes, other: bytes) -> bytes:
    """The signed file with another name of its last algorithm, as long."""
    start = contents_at(pdf)
    end = pdf.index(b">", start)
    gap = pdf[start:end]
    at = gap.rindex(name)
    return pdf[:start] + gap[:at] + other + gap[at + len(name) :] + pdf[end:]


SHA256_RSA, UNKNOWN = b"2A864886F70D01010B", b"2A864886F70D01017F"


def test_an_unknown_algorithm_cannot_be_checked_but_the_file_is() -> None:
    """Whoever made the signature, the digest in it must be the file's, and nothing that shows may follow."""
    unknown = with_algorithm(SIGNED, SHA256_RSA, UNKNOWN)
    assert unknown != SIGNED and len(unknown) == len(SIGNED)
    assert check_signatures(unknown) == "unchecked"
    assert check_signatures(updated(unknown, grow_evidence)) == "unchecked"
    assert check_signatures(sign(unknown, "organisation", TOP_RIGHT)) == "unchecked"
    for changed in (flip(unknown, unknown.index(b"\xff\xd8\xff") + 2000), updated(unknown, show_more)):
        fault = check_signatures(changed)
        assert isinstance(fault, BadPage) and fault.code == "altered"


def test_a_signed_file_whose_signatures_cannot_be_found_is_not_taken_on_trust() -> None:
    """What one reader opens and the checker of signatures does not could be anything."""
    fields_at = SIGNED.rindex(b"/Fields [")
    broken = [SIGNED[:at] + b"\x60" + SIGNED[at + 1 :] for at in range(SIGNED.rindex(b"xref\n0"), len(SIGNED) - 6, 20)]
    for pdf in (SIGNED[:fields_at] + b"/Fields (" + SIGNED[fields_at + 9 :], *broken):
        fault = check_signatures(pdf)
        assert isinstance(fault, BadPage) and fault.code == "altered"


def test_damaged_signed_files_raise_nothing() -> None:
    """Cut, zeroed and flipped at many places: each gives an answer."""
    for step in range(1, 60):
        at = step * len(SIGNED) // 60
        for pdf in (SIGNED[:at], flip(SIGNED, at), SIGNED[:at] + bytes(50) + SIGNED[at + 50 :]):
            fault = check_signatures(pdf)
            assert not isinstance(fault, BadPage) or fault.code == "altered"
    tail = SIGNED.rindex(b"/AcroForm")
    for at in range(tail, tail + 200, 3):
        check_signatures(flip(SIGNED, at))


def test_a_guarded_process_says_the_same() -> None:
    """Under the limits of the processes that measure, the library loads and answers."""
    with Guard(LIMITS, 1) as guard:
        assert guard.measure_bytes(SIGNED, "page") == measure(SIGNED)
