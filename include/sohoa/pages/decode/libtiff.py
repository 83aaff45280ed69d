"""What libtiff says of fax-coded data: it mends damage, and tells nobody but its own error handler.

Pillow does not hand that on, so the handler is set here, in the very library that its wheel brings. Where that cannot
be found (another build of Pillow) damage is not told, and the page is as libtiff mends it. Nor is it where libtiff only
warns, as of a row of group 3 that is too long: Pillow switches warnings off. Rows that are missing at the end, ``fax``
finds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import PIL
from PIL import Image

from sohoa.pages.guard.faults import BadPage

_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)  # module, format, values
_BUNDLED = Path(PIL.__file__).parents[1] / "pillow.libs"  # where the wheel of Pillow keeps its libraries
_FAX = b"Fax"  # with which the names of the decoders begin
_heard: list[bytes] = []


def _hear(module: bytes | None, _format: bytes | None, _values: int | None) -> None:
    if module is not None and module.startswith(_FAX):
        _heard.append(module)


_hear_in_c = _HANDLER(_hear)


@contextmanager
def refusing_damaged_fax() -> Iterator[None]:
    """Refuse what libtiff finds damaged while it decodes inside: code words that there are not.

    Raises:
        BadPage: unreadable.
    """
    _listen()
    _heard.clear()
    yield
    if _heard:
        raise BadPage("unreadable", f"fax-coded data are damaged, {len(_heard)} times")


@cache
def _listen() -> Any:
    """Set the handler, once in a process, and return the library; null where there is none."""
    Image.preinit()
    for path in _BUNDLED.glob("libtiff*"):
        library = ctypes.CDLL(str(path))  # loaded already: this is a name for it
        library.TIFFSetErrorHandler(_hear_in_c)
        return library
    return None
