"""Strips and tiles of a TIFF page: where they lie, how long they are, and which of them the file leaves out."""

from __future__ import annotations

import math
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sohoa.pages.decode import fax, tags
from sohoa.pages.decode.fax import FaxCoding
from sohoa.pages.decode.file_data import FileData
from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.tags import Changes, Span, Tags, first
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

_RAW, _FAX4, _JPEG = 1, 4, 7
_DEFLATE = {8, 32946}
_CHUNK, _MAX_TIMES = 1 << 20, 16  # bytes unpacked at a time; as many times what is needed, a piece may unpack to
_YCBCR, _SEPARATE = 6, 2
_PAPER = 255
_JPEG_END = b"\xff\xd9"
_SPLIT_ROWS = 64  # of an uncompressed strip, which may be cut anywhere


@dataclass(frozen=True)
class Grid:
    """How a page is cut into strips or tiles: their sides in px, and how many there are each way and in all."""

    width: int
    height: int
    across: int
    down: int
    planes: int
    is_tiled: bool

    @classmethod
    def of(cls, found: Tags) -> Grid:
        """Return the grid that the tags of a page describe."""
        width, height = first(found, tags.WIDTH, 0), first(found, tags.HEIGHT, 0)
        is_tiled = first(found, tags.TILE_WIDTH, 0) > 0
        if is_tiled:
            side = first(found, tags.TILE_WIDTH, 1), max(1, first(found, tags.TILE_HEIGHT, 1))
        else:
            side = width, max(1, min(height, first(found, tags.ROWS_PER_STRIP, height)))
        planes = first(found, tags.SAMPLES, 1) if first(found, tags.PLANAR, 1) == _SEPARATE else 1
        return cls(*side, -(-width // side[0]), -(-height // side[1]), planes, is_tiled)

    @property
    def count(self) -> int:
        """All strips or tiles."""
        return self.across * self.down * self.planes

    def rows_of(self, number: int, height: int) -> int:
        """Return the rows of a piece of a page of that height: the last strip has those that are left."""
        row = number % (self.across * self.down) // self.across
        return self.height if self.is_tiled else min(self.height, height - row * self.height)


@dataclass(frozen=True)
class Pieces:
    """The strips or tiles of a page, in order.

    Attributes:
        grid: how they lie.
        offsets: where each begins; of one that is left out, where another does.
        counts: bytes of each.
        missing: numbers of those that the file leaves out: parts of the page on which there is nothing.
        estimated: numbers of those whose size the file does not say, or says wrongly.
        is_listed_otherwise: the file lists tiles as if they were strips.
    """

    grid: Grid
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    missing: frozenset[int]
    estimated: frozenset[int]
    is_listed_otherwise: bool = False

    @property
    def is_mended(self) -> bool:
        """Whether a reader has to know better than the file where they lie."""
        return bool(self.missing or self.estimated or self.is_listed_otherwise)

    @property
    def listed(self) -> tuple[int, int]:
        """The tags that list them."""
        return (tags.TILE_OFFSETS, tags.TILE_COUNTS) if self.grid.is_tiled else (tags.STRIP_OFFSETS, tags.STRIP_COUNTS)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where each begins and ends."""
        return tuple((start, start + count) for start, count in zip(self.offsets, self.counts, strict=True))

    @cached_property
    def changes(self) -> Changes:
        """Tags of a directory that lists them so."""
        places, sizes = self.listed
        unlisted = {tags.STRIP_OFFSETS, tags.STRIP_COUNTS, tags.TILE_OFFSETS, tags.TILE_COUNTS} - {places, sizes}
        changes: Changes = {places: self.offsets, sizes: self.counts, **dict.fromkeys(unlisted)}
        return changes if self.grid.is_tiled else changes | {tags.ROWS_PER_STRIP: (self.grid.height,)}

    def split(self, found: Tags) -> Pieces:
        """Return the same page in lower strips, where it is uncompressed and its strips may be cut at any row."""
        grid = self.grid
        height = _SPLIT_ROWS if grid.down == 1 else next(k for k in range(_SPLIT_ROWS, 0, -1) if grid.height % k == 0)
        is_raw = first(found, tags.COMPRESSION, _RAW) == _RAW and first(found, tags.PHOTOMETRIC, 0) != _YCBCR
        if not is_raw or grid.is_tiled or self.missing or grid.height <= height:
            return self
        row, whole = -(-grid.width * _depth(found, grid) // 8), first(found, tags.HEIGHT, 0)
        lower = replace(grid, height=height, down=-(-whole // height))
        offsets, counts = [], []
        for number in range(lower.count):
            plane, place = divmod(number, lower.down)
            top = place * height
            strip = plane * grid.down + top // grid.height
            offsets.append(self.offsets[strip] + top % grid.height * row)
            counts.append(min(height, whole - top) * row)
        return replace(self, grid=lower, offsets=tuple(offsets), counts=tuple(counts))

    def bands(self, rows: int, factor: int) -> Iterator[tuple[int, Pieces]]:
        """Yield (first row, strips or tiles) of bands as high as whole pieces allow.

        Args:
            rows: of the page that a band should have at most.
            factor: a divisor of the rows of every band but the last.
        """
        grid = self.grid
        unit = math.lcm(grid.height, factor) // grid.height
        step = max(1, rows // (grid.height * unit)) * unit
        for top in range(0, grid.down, step):
            down = min(step, grid.down - top)
            order = [
                plane * grid.across * grid.down + number
                for plane in range(grid.planes)
                for number in range(top * grid.across, (top + down) * grid.across)
            ]
            yield (
                top * grid.height,
                Pieces(
                    replace(grid, down=down),
                    tuple(self.offsets[k] for k in order),
                    tuple(self.counts[k] for k in order),
                    frozenset(place for place, k in enumerate(order) if k in self.missing),
                    frozenset(),
                ),
            )

    def check_ends(self, data: FileData, compression: int) -> None:
        """Refuse a piece of unknown size without its end mark, where a decoder would not miss what is cut off.

        Raises:
            BadPage: truncated.
        """
        for number in self.estimated if compression in (_FAX4, _JPEG) else ():
            piece = data[self.offsets[number] : self.offsets[number] + self.counts[number]]
            if not (_JPEG_END in piece if compression == _JPEG else fax.has_end_mark(piece)):
                raise BadPage("truncated", "a strip or tile ends without its end mark")

    def check_deflate(self, data: FileData, found: Tags) -> None:
        """Refuse deflated pieces whose checksum does not fit, or that go on behind their last row without an end.

        libtiff stops at the last row, and takes for pixels what zeros in the data happen to mean.

        Raises:
            BadPage: unreadable.
        """
        for number, (start, end) in enumerate(self.spans if first(found, tags.COMPRESSION, _RAW) in _DEFLATE else ()):
            if number not in self.missing:
                _check_deflate(data[start:end], _raw_bytes(found, self.grid, number))

    def check_fax(self, data: FileData, found: Tags) -> None:
        """Refuse fax-coded pieces of too few rows, where those can be counted.

        Raises:
            BadPage: truncated.
        """
        coding = FaxCoding.of(found)
        for number, (start, end) in enumerate(self.spans if coding else ()):
            if coding and number not in self.missing:
                rows = self.grid.rows_of(number, coding.height)
                fax.check_rows(data[start:end], replace(coding, width=self.grid.width, height=rows))

    def paint_missing(self, grey: Grey, factor: int) -> Grey:
        """Return a picture, its sides divided by ``factor``, with paper where the file leaves something out."""
        grid, painted = self.grid, grey.copy() if self.missing else grey
        for number in {number % (grid.across * grid.down) for number in self.missing}:
            row, column = divmod(number, grid.across)
            top, bottom = (edge * grid.height // factor for edge in (row, row + 1))
            left, right = (edge * grid.width // factor for edge in (column, column + 1))
            painted[top:bottom, left:right] = _PAPER
        return painted


def find_pieces(found: Tags, directory: int, size: int) -> Pieces:
    """Return the strips or tiles that a page needs.

    Args:
        found: tags of its directory.
        directory: where that lies.
        size: bytes of the file.

    Raises:
        BadPage: truncated, where some are not listed, do not lie inside the file, or all are left out.
    """
    grid = Grid.of(found)
    offsets, said = _listed(found, grid.is_tiled)
    if len(offsets) < grid.count:
        raise BadPage("truncated", f"{len(offsets)} strips or tiles are too few for the page")
    offsets = offsets[: grid.count]
    said = said[: grid.count] if len(said) >= grid.count else (0,) * grid.count
    missing = frozenset(k for k in range(grid.count) if offsets[k] == said[k] == 0)
    present = next((k for k in range(grid.count) if k not in missing), None)
    if present is None:
        raise BadPage("truncated", "no strip or tile is in the file")
    starts = sorted({*offsets, directory, size})
    counts, estimated = list(said), set()
    for k in {*range(grid.count)} - missing:
        following = starts[min(bisect_right(starts, offsets[k]), len(starts) - 1)]
        if first(found, tags.COMPRESSION, _RAW) == _RAW:
            needed = _raw_bytes(found, grid, k)
            counts[k] = said[k] if needed <= said[k] <= size - offsets[k] else needed
        elif said[k] == 0:
            counts[k] = following - offsets[k]
        is_estimated = counts[k] != said[k]
        if offsets[k] in {0, directory} or offsets[k] + counts[k] > (following if is_estimated else size):
            raise BadPage("truncated", "a strip or tile does not lie inside the file")
        if is_estimated:
            estimated.add(k)
    order = [present if k in missing else k for k in range(grid.count)]
    places = tuple(offsets[k] for k in order), tuple(counts[k] for k in order)
    is_listed_otherwise = grid.is_tiled and not (found.get(tags.TILE_OFFSETS) and found.get(tags.TILE_COUNTS))
    return Pieces(grid, *places, missing, frozenset(estimated), is_listed_otherwise)


def _check_deflate(data: bytes, needed: int) -> None:
    unpacker, size = zlib.decompressobj(), 0
    try:
        while data and not unpacker.eof and size <= _MAX_TIMES * needed:
            size += len(unpacker.decompress(data, _CHUNK))
            data = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BadPage("unreadable", f"a strip or tile is damaged: {error}") from None
    if not unpacker.eof and size > needed:
        raise BadPage("unreadable", "a strip or tile is damaged: it does not end")
    note_repair(not unpacker.eof)


def _listed(found: Tags, is_tiled: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return offsets and sizes; some writers list tiles as strips."""
    offsets = found.get(tags.TILE_OFFSETS, ()) if is_tiled else ()
    counts = found.get(tags.TILE_COUNTS, ()) if is_tiled else ()
    return offsets or found.get(tags.STRIP_OFFSETS, ()), counts or found.get(tags.STRIP_COUNTS, ())


def _raw_bytes(found: Tags, grid: Grid, number: int) -> int:
    """Return the bytes of an uncompressed piece."""
    rows = grid.rows_of(number, first(found, tags.HEIGHT, 0))
    bits, samples = found.get(tags.BITS, (1,)) or (1,), first(found, tags.SAMPLES, 1)
    if first(found, tags.PHOTOMETRIC, 0) == _YCBCR and grid.planes == 1 and samples == 3:
        across, down = (max(1, side) for side in (*found.get(tags.SUBSAMPLING, ()), 2, 2)[:2])
        return -(-grid.width // across) * -(-rows // down) * (across * down + 2) * bits[0] // 8
    return -(-grid.width * _depth(found, grid) // 8) * rows


def _depth(found: Tags, grid: Grid) -> int:
    """Return the bits of a pixel in a piece."""
    bits, samples = found.get(tags.BITS, (1,)) or (1,), first(found, tags.SAMPLES, 1)
    return bits[0] if grid.planes > 1 else sum(bits) if len(bits) == samples else bits[0] * samples
