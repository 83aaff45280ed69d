"""How much one file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sohoa.pages.guard.faults import BadPage

if TYPE_CHECKING:  # pydantic takes 10 MB of each measuring process
    from sohoa.settings import Settings


@dataclass(frozen=True)
class FileBounds:
    """Bounds on one file: the first four are checked before a decoder allocates, the system holds the last two."""

    max_file_bytes: int
    max_pixels: int
    max_decoded_bytes: int
    max_pages: int
    max_file_seconds: int
    max_memory_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> FileBounds:
        """Return the bounds of these settings."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})

    def check_file(self, size: int) -> None:
        """Refuse a file of more than ``max_file_bytes``.

        Raises:
            BadPage: too_large.
        """
        if size > self.max_file_bytes:
            raise BadPage("too_large", f"{size} bytes, the limit is {self.max_file_bytes}")

    def check_pages(self, count: int) -> None:
        """Refuse a file of more than ``max_pages``.

        Raises:
            BadPage: too_large.
        """
        if count > self.max_pages:
            raise BadPage("too_large", f"more than {self.max_pages} pages")

    def check_image(self, width: int, height: int, bytes_per_pixel: float) -> None:
        """Refuse an image by its header, before it is decoded.

        Raises:
            BadPage: unreadable where a side is not positive, too_large over ``max_pixels`` or ``max_decoded_bytes``.
        """
        if width < 1 or height < 1:
            raise BadPage("unreadable", f"the header says {width} x {height} px")
        if width * height > self.max_pixels:
            raise BadPage("too_large", f"{width} x {height} px, the limit is {self.max_pixels} px")
        if width * height * bytes_per_pixel > self.max_decoded_bytes:
            raise BadPage("too_large", f"{width} x {height} px need more than {self.max_decoded_bytes} bytes to decode")
