"""Digital signatures of a PDF: whether each still fits the bytes that it signs, and whether bytes came after it.

Who signed, and whether the certificate was trusted on that day, is not asked: that takes lists of certificates and of
revocations that change daily. Where on the page a signature shows does not matter: personal ones stand top left,
those of an organisation top right, and either is right.

Importing this module costs three quarters of a second: only a file with a signature field needs it.
"""

from __future__ import annotations

import io
import logging
from itertools import islice
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from sohoa.enums import SignatureState
from sohoa.pages.decode.pdf_revisions import shows_the_same
from sohoa.pages.guard.faults import BadPage

logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # a changed file is a row, not a stack trace

_MAX_SIGNATURES = 200  # each is a pass over the whole file
_DIGEST = "message_digest"
_TIME_STAMPS = {"/ETSI.RFC3161"}
_DETACHED = {"/adbe.pkcs7.detached", "/ETSI.CAdES.detached"}

# What pyHanko and its libraries let through on malformed files: their own errors (most are ValueError), and those of
# the Python protocols that their objects follow.
_ERRORS = (
    PdfError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError,
    NotImplementedError, ArithmeticError, RuntimeError, OSError, EOFError,
)  # fmt: skip


def check_signatures(data: bytes) -> BadPage | SignatureState:
    """Return the fault of a signed PDF, ``altered`` where a signature is broken, else whether all fit.

    A signature is broken where it cannot be read, or its digest or its own mathematics do not fit. Where none reaches
    to the end of the file, what follows the last must be no more than a signed file may gain (time stamps, revocation
    data, fields to fill in). A time stamp is no signature: anyone can have one for any file. One of another kind than
    CMS beside the file's bytes, or with unknown algorithms, is ``unchecked``: its digest must fit all the same, and
    nothing that shows may follow it. After ISO 32000-2, 12.8, and ETSI EN 319 142-1.
    """
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        if reader.encrypted:
            reader.decrypt(b"")
        fields = list(islice(enumerate_sig_fields(reader, filled_status=True), _MAX_SIGNATURES + 1))
    except _ERRORS as error:  # the reader that opened the file before forgives more: a change could hide behind that
        return BadPage("altered", f"its signatures cannot be found: {error}")
    if not fields and b"/ByteRange" in data:
        return BadPage("altered", "its signatures cannot be found")
    if len(fields) > _MAX_SIGNATURES:
        return BadPage("too_large", f"more than {_MAX_SIGNATURES} signatures")
    try:
        signatures = [_read(reader, field, name) for name, value, field in fields if _kind(value) in _DETACHED]
        states = {_check(found) for found in signatures}
        _check_rest(signatures)
    except BadPage as fault:
        return fault
    is_any_other = any(_kind(value) not in _DETACHED | _TIME_STAMPS for _, value, _ in fields)
    return "fits" if states == {"fits"} and not is_any_other else "unchecked"


def _kind(value: Any) -> str:
    try:
        return str(value.get_object()["/SubFilter"])
    except _ERRORS:
        return ""


def _read(reader: Any, field: Any, name: str) -> Any:
    """Return a signature.

    Raises:
        BadPage: altered, where what stands in its place is none.
    """
    try:
        found = EmbeddedPdfSignature(reader, field.get_object(), name)
        is_there = bool(found.signer_info["signature"].native)
    except _ERRORS:
        is_there = False
    if not is_there:
        raise BadPage("altered", f"the signature {name!r} cannot be read")
    return found


def _check(found: Any) -> SignatureState:
    """Return whether digest and signature fit, or cannot be checked.

    Raises:
        BadPage: altered, where they do not fit.
    """
    try:
        digest = found.compute_digest()
        is_intact, is_valid = validate_sig_integrity(found.signer_info, found.signer_cert, "data", digest)
        if is_intact and is_valid:
            return "fits"
        is_broken = not is_intact or _has_known_algorithm(found)
    except _ERRORS:
        is_broken = not _digest_fits(found)
    if is_broken:
        raise BadPage("altered", f"the signature {found.field_name!r} does not fit the file")
    return "unchecked"


def _check_rest(signatures: list[Any]) -> None:
    """Refuse a file that was changed after its last signature.

    Raises:
        BadPage: altered.
    """
    last = max(signatures, key=_reach, default=None)
    if last is None or _reach(last) == last.reader.stream.seek(0, io.SEEK_END) or _allows_rest(last, signatures):
        return
    raise BadPage("altered", f"the file was changed after the signature {last.field_name!r}")


def _has_known_algorithm(found: Any) -> bool:
    """Return whether the signature's algorithm has a name; pyHanko calls one that it does not know a failure."""
    return not str(found.signer_info["signature_algorithm"]["algorithm"].native).replace(".", "").isdigit()


def _digest_fits(found: Any) -> bool:
    """Return whether the digest that was signed is the file's, or cannot be checked."""
    try:
        digests = [
            one["values"][0].native for one in found.signer_info["signed_attrs"] if one["type"].native == _DIGEST
        ]
        return not digests or digests == [found.compute_digest()]
    except _ERRORS:
        return True


def _reach(found: Any) -> int:
    """Return where the signed bytes end; -1 where they are not all bytes from the first on but the signature's own."""
    try:
        first, length, second, rest = (int(number) for number in found.byte_range)
    except _ERRORS:
        return -1
    own = 2 * len(found.pkcs7_content) + 2  # hexadecimal digits between angle brackets
    return second + rest if first == 0 and second == length + own and min(length, rest) > 0 else -1


def _allows_rest(found: Any, signatures: list[Any]) -> bool:
    """Return whether what follows the signed bytes is no more than signatures allow."""
    reach = _reach(found)
    if reach < 0:
        return False
    try:
        found.compute_integrity_info()
        if found.summarise_integrity_info()["docmdp_ok"]:
            return True
    except _ERRORS:  # pyHanko takes forms and evidence as some programs write them for damage
        pass
    stream = found.reader.stream
    stream.seek(0)
    whole = stream.read()
    return shows_the_same(whole[:reach], whole, lambda name: not any(_locks(one, name) for one in signatures))


def _locks(found: Any, name: str) -> bool:
    """Return whether a signature forbids that the field ``name`` is filled in."""
    try:
        level, fields = found.docmdp_level, found.fieldmdp
        return level is MDPPerm.NO_CHANGES or (fields is not None and bool(fields.is_locked(name)))
    except _ERRORS:
        return True
