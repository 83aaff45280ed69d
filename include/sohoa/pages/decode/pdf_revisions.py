"""What came into a PDF after it was signed: only what shows nothing, or what a signed form leaves to fill in.

The signed revision and the file as it is are walked side by side from their catalogs, whatever the numbers of their
objects. All that a page shows or a reader does must be the same. New may be: evidence for later (revocation data, time
stamps), data about the document, signature fields that show nothing, and the values of fields, inside their own
rectangles. What cannot be compared counts as changed. After ISO 32000-2, 12.8.2, and ETSI EN 319 142-1.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import pikepdf

from sohoa.pages.decode.pdf_images import PIKEPDF_ERRORS

_MAX_PAIRS = 200_000
_MAX_PARENTS = 50
_OF_THE_CATALOG = {"/DSS", "/Extensions", "/Metadata", "/Version", "/AcroForm"}
_OF_THE_FORM = {"/SigFlags", "/Fields", "/DR", "/DA"}
_OF_A_FIELD = {"/V", "/AS", "/AP", "/I", "/M"}
_FILLED = {"/Tx", "/Btn", "/Ch"}
_SMALLEST = 0.01  # points: a rectangle that shows nothing

MayFill = Callable[[str], bool]


def shows_the_same(signed: bytes, whole: bytes, may_fill: MayFill) -> bool:
    """Return whether a file shows what its signed revision showed, but for what signatures leave open.

    Args:
        signed: the file up to where the signed bytes end.
        whole: the file.
        may_fill: tells of the full name of a field whether it may be filled in.
    """
    try:
        with _opened(signed) as old, _opened(whole) as new:
            return _Comparison(may_fill).are_same_catalogs(old.Root, new.Root)
    except (*PIKEPDF_ERRORS, RecursionError):
        return False


def _opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data), attempt_recovery=False, inherit_page_attributes=False)


class _Comparison:
    """Pairs of objects already compared, so that circles end."""

    def __init__(self, may_fill: MayFill) -> None:
        self._may_fill = may_fill
        self._seen: set[tuple[tuple[int, int], tuple[int, int]]] = set()
        self._left = _MAX_PAIRS

    def are_same_catalogs(self, old: Any, new: Any) -> bool:
        """Return whether all that hangs on two catalogs is the same, but for what may come later."""
        self._seen.add((old.objgen, new.objgen))  # a signature may refer to it
        is_same = self._have_same_keys(old, new, _OF_THE_CATALOG)
        return is_same and self._are_same_forms(old.get("/AcroForm"), new.get("/AcroForm"))

    def _are_same_forms(self, old: Any, new: Any) -> bool:
        if old is None:
            return new is None or ("/XFA" not in new and all(map(_shows_nothing, new.get("/Fields", []))))
        if not isinstance(new, pikepdf.Dictionary) or not self._have_same_keys(old, new, _OF_THE_FORM):
            return False
        return self._only_grew(list(old.get("/Fields", [])), list(new.get("/Fields", [])))

    def _only_grew(self, old: list[Any], new: list[Any]) -> bool:
        """Return whether the first fields or annotations are the old ones, and any more show nothing."""
        if len(new) < len(old) or not all(self._are_same(a, b) for a, b in zip(old, new, strict=False)):
            return False
        return all(map(_shows_nothing, new[len(old) :]))

    def _are_same(self, old: Any, new: Any) -> bool:
        self._left -= 1
        if self._left < 0 or type(old) is not type(new):
            return False
        if not isinstance(old, pikepdf.Object):
            return bool(old == new)
        if old.is_indirect and new.is_indirect:
            pair = (old.objgen, new.objgen)
            if pair in self._seen:
                return True
            self._seen.add(pair)
        if isinstance(old, pikepdf.Stream):
            return self._have_same_keys(old, new, set()) and old.read_raw_bytes() == new.read_raw_bytes()
        if isinstance(old, pikepdf.Array):
            return len(old) == len(new) and all(map(self._are_same, old, new))
        if isinstance(old, pikepdf.Dictionary):
            return self._are_same_dictionaries(old, new)
        return bool(old == new)

    def _are_same_dictionaries(self, old: Any, new: Any) -> bool:
        if old.get("/Type") == "/Page":
            grew = self._only_grew(list(old.get("/Annots", [])), list(new.get("/Annots", [])))
            return grew and self._have_same_keys(old, new, {"/Annots"})
        kind = _of_field(old, "/FT")
        if kind == "/Sig" and old.get("/V") is None and new.get("/V") is not None:
            return self._have_same_keys(old, new, {"/V"})
        if kind in _FILLED and kind == _of_field(new, "/FT") and self._may_fill(_name(old)):
            return self._have_same_keys(old, new, _OF_A_FIELD)
        return self._have_same_keys(old, new, set())

    def _have_same_keys(self, old: Any, new: Any, but: Iterable[str]) -> bool:
        names = (set(old.keys()) | set(new.keys())).difference(but)
        return all(name in old and name in new and self._are_same(old[name], new[name]) for name in sorted(names))


def _of_field(field: Any, key: str) -> Any:
    """Return what a field has or inherits; null where the object is no field."""
    if field.get("/Subtype") != "/Widget" and "/T" not in field and "/FT" not in field:
        return None
    for _ in range(_MAX_PARENTS):
        if not isinstance(field, pikepdf.Dictionary) or key in field:
            break
        field = field.get("/Parent")
    return field.get(key) if isinstance(field, pikepdf.Dictionary) else None


def _name(field: Any) -> str:
    parts: list[str] = []
    for _ in range(_MAX_PARENTS):
        if not isinstance(field, pikepdf.Dictionary):
            break
        parts += [str(field["/T"])] if "/T" in field else []
        field = field.get("/Parent")
    return ".".join(reversed(parts))


def _shows_nothing(field: Any) -> bool:
    """Return whether a new field, or its annotation, is a signature's, and has no area."""
    if not isinstance(field, pikepdf.Dictionary) or _of_field(field, "/FT") != "/Sig" or "/Kids" in field:
        return False
    if any(key in field for key in ("/A", "/AA")):
        return False
    left, bottom, right, top = (float(value) for value in field.get("/Rect", [0, 0, 0, 0]))
    return min(abs(right - left), abs(top - bottom)) < _SMALLEST
