"""Captures that show a sheet captured before: the same file again, the same image saved again, the same sheet again.

Found once, when a batch is checked, and kept in the column ``twin``: from what is known at that time, the batch itself
and what its agency sent before it. What counts as a duplicate is judged later from that column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import Bools, as_mask
from sohoa.schema import TWIN

SAME_IMAGE_BITS = 4
"""So near lies an image that was saved again (``pages.phash``)."""
SAME_SHEET_BITS = 20
"""Farther apart is no sheet laid on the glass anew; forms of one layout lie within it, and not two at a time."""

_GAP_BITS = 10  # print of which many copies are in use fills the gap between the same image and this
_BLANK = 0.003  # share of ink below which the hash of a page is one of noise
_HASH_BYTES = 32
_BLOCK = 1 << 20  # pairs compared at a time
_US_A_DAY = 86_400_000_000

_Ints = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]


def find_twins(new: pa.Table, earlier: pa.Table, days: int) -> pa.Array[Any]:
    """Find for each new capture the nearest earlier one of its agency that may show the same sheet, else null.

    Earlier is what stands above it in its batch, and what a batch brought that was received before, at most ``days``
    ago. Two captures may show one sheet where

    - their files have the same bytes and they the same number in it (distance 0), or
    - their hashes are at most ``SAME_IMAGE_BITS`` apart, and no other capture lies beyond these and within 10 bits, as
      many do where a page is printed alike for everybody; or
    - their hashes are at most ``SAME_SHEET_BITS`` apart and no third capture is as near to either of them: forms of one
      layout lie that near to each other, and more than two of them at a time.

    Hashes of glossy covers are not compared between documents: they are printed alike but for a number. Blank pages,
    tiles and references, which overlap on purpose, pages with an error, and the captures of a document that another
    replaces have no twin and are none.

    Args:
        new: rows of ``schema.CAPTURES``, the pages of each batch in the order of its manifest.
        earlier: such rows of other runs; those of batches in ``new`` are left out.
        days: how long before a batch its agency's captures are looked at; 0 for the batch alone.

    Returns:
        Values of ``schema.TWIN``, one a new capture.
    """
    known = earlier.filter(pc.invert(pc.is_in(earlier["batch"], pc.unique(new["batch"]))))
    both = pa.concat_tables([known, new])
    captures = _Captures.of(both)
    twins = np.full(len(both), -1, np.int64)
    bits = np.zeros(len(both), np.int64)
    for rows in _groups(captures.batch, np.arange(len(known), len(both))):
        _find_in_batch(captures, rows, days, twins, bits)
    return _as_structs(both, twins[len(known) :], bits[len(known) :])


@dataclass(frozen=True)
class _Captures:
    """Columns of captures as arrays; codes are equal where values are."""

    agency: _Ints
    batch: _Ints
    """Greater codes for batches of later names, which breaks a tie of times."""
    time_us: _Ints
    document: _Ints
    replaces: _Ints
    """Code of the replaced document, -1 where there is none."""
    same_file: _Ints
    is_compared: Bools
    hashes: _Words
    cover: _Ints
    """The document where its cover is glossy, else -1."""

    @classmethod
    def of(cls, rows: pa.Table) -> _Captures:
        is_compared = _comparable(rows)
        agency, (document, replaces) = _codes(rows["agency"]), _codes_of_both(rows["document_id"], rows["replaces"])
        size = int(max(document.max(initial=0), replaces.max(initial=0))) + 1
        document, replaces = agency * size + document, np.where(replaces < 0, -1, agency * size + replaces)
        is_glossy = as_mask(pc.equal(rows["cover"], "glossy"))
        page = pc.fill_null(rows["page_no"], 0).to_numpy()
        return cls(
            agency=agency,
            batch=_codes(rows["batch"]),
            time_us=rows["received_at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(),
            document=document,
            replaces=replaces,
            same_file=_codes(rows["sha256"]) * (int(page.max(initial=0)) + 1) + page,
            is_compared=is_compared,
            hashes=_hashes(rows, is_compared),
            cover=np.where(is_glossy, document, -1),
        )


def _comparable(rows: pa.Table) -> Bools:
    is_page = pc.and_(pc.equal(rows["role"], "page"), pc.is_null(rows["error"]))
    has_ink = pc.greater_equal(rows["ink_ratio"], _BLANK)
    known = pc.and_(pc.equal(pc.binary_length(rows["phash"]), 2 * _HASH_BYTES), pc.is_valid(rows["sha256"]))
    return as_mask(pc.and_(pc.and_(is_page, has_ink), known))


def _hashes(rows: pa.Table, is_compared: Bools) -> _Words:
    """Return the hashes as four words per capture; zeros where there is none to compare."""
    words = np.zeros((len(rows), _HASH_BYTES // 8), np.uint64)
    text = "".join(rows["phash"].filter(pa.array(is_compared)).to_pylist())
    words[is_compared] = np.frombuffer(bytes.fromhex(text), np.uint64).reshape(-1, words.shape[1])
    return words


def _codes(values: Any) -> _Ints:
    """Return a number for each value, in the values' own order; 0 for null."""
    names = pc.unique(pc.drop_null(values)).sort()
    return np.asarray(pc.add(pc.fill_null(pc.index_in(values, names), -1), 1).to_numpy(), np.int64)


def _codes_of_both(values: Any, others: Any) -> tuple[_Ints, _Ints]:
    """Return the codes of two columns over the same names; -1 for a null of the second."""
    codes = _codes(pa.chunked_array([*values.chunks, *others.chunks], pa.string()))
    return codes[: len(values)], codes[len(values) :] - (codes[len(values) :] == 0)


def _groups(codes: _Ints, rows: _Ints) -> list[_Ints]:
    """Return the rows of each code, in their order."""
    rows = rows[np.argsort(codes[rows], kind="stable")]
    return [part for part in np.split(rows, np.flatnonzero(np.diff(codes[rows])) + 1) if len(part)]


def _find_in_batch(captures: _Captures, rows: _Ints, days: int, twins: _Ints, bits: _Ints) -> None:
    """Fill ``twins`` and ``bits`` for the captures of one batch."""
    window = _before(captures, rows[0], days)
    replaced = captures.replaces[np.concatenate([window, rows])]
    prior, own = (
        part[captures.is_compared[part] & ~np.isin(captures.document[part], replaced)] for part in (window, rows)
    )
    among = np.concatenate([prior, own])
    found, distance = _nearest(captures, among, len(prior))
    same = _first_of_each(captures.same_file[among])[len(prior) :]
    is_same = same < np.arange(len(prior), len(among))
    found, distance = np.where(is_same, same, found), np.where(is_same, 0, distance)
    has = found >= 0
    twins[own[has]], bits[own[has]] = among[found[has]], distance[has]


def _before(captures: _Captures, row: int, days: int) -> _Ints:
    """Return the captures that the agency sent before the batch of ``row``, in the order of their receipt."""
    time, batch = captures.time_us, captures.batch
    if days == 0:
        return np.empty(0, np.int64)
    is_before = (time < time[row]) | ((time == time[row]) & (batch < batch[row]))
    is_near = time >= time[row] - days * _US_A_DAY
    found = np.flatnonzero((captures.agency == captures.agency[row]) & is_before & is_near)
    return found[np.lexsort((batch[found], time[found]))]


def _first_of_each(codes: _Ints) -> _Ints:
    """Find for each place the first place of the same code."""
    _, where, group = np.unique(codes, return_index=True, return_inverse=True)
    return np.asarray(where[group], np.int64)


def _nearest(captures: _Captures, among: _Ints, priors: int) -> tuple[_Ints, _Ints]:
    """Find for each capture after the first ``priors`` the place of its twin by hash, or -1, and the distance."""
    hashes, covers = captures.hashes[among], captures.cover[among]
    pages = np.arange(priors, len(among))
    twins, bits, neighbours = _compare(hashes, covers, pages)
    doubtful = twins[bits > SAME_IMAGE_BITS]  # one sheet only if the other has no third capture near it either
    is_alone = np.zeros(len(among), np.bool_)
    is_alone[doubtful] = _compare(hashes, covers, doubtful)[2] == 1
    keep = (twins >= 0) & ((bits <= SAME_IMAGE_BITS) | ((neighbours == 1) & is_alone[twins]))
    return np.where(keep, twins, -1), bits


def _compare(hashes: _Words, covers: _Ints, pages: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """Compare these pages with all others: place and distance of a possible twin of each, or -1, and how many are near.

    A quarter of the hash alone drops nearly all pairs: a batch of 1,000 pages against 60,000 takes a third of a second.
    """
    twins, bits, neighbours = np.full(len(pages), -1), np.zeros(len(pages), np.int64), np.zeros(len(pages), np.int64)
    step = max(1, _BLOCK // max(1, len(hashes)))
    for start in range(0, len(pages), step):
        part = slice(start, start + step)
        place, other, distance = _near_pairs(hashes, covers, pages[part])
        size = len(pages[part])
        neighbours[part] = np.bincount(place, minlength=size)
        fills_gap = (distance > SAME_IMAGE_BITS) & (distance <= _GAP_BITS)
        has_gap = np.bincount(place[fills_gap], minlength=size) == 0
        is_same_image = (distance <= SAME_IMAGE_BITS) & has_gap[place]
        keep = (other < pages[part][place]) & (is_same_image | (neighbours[part][place] == 1))
        place, other, distance = place[keep], other[keep], distance[keep]
        order = np.lexsort((-other, -distance))  # the nearest, of these the first, is written last
        twins[part][place[order]], bits[part][place[order]] = other[order], distance[order]
    return twins, bits, neighbours


def _near_pairs(hashes: _Words, covers: _Ints, pages: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """List pairs of these pages and others at most ``SAME_SHEET_BITS`` apart: (place in ``pages``, other, distance)."""
    quarter = np.bitwise_count(hashes[pages, :1] ^ hashes[None, :, 0])
    place, other = np.nonzero(quarter <= SAME_SHEET_BITS)
    page = pages[place]
    distance = np.bitwise_count(hashes[page] ^ hashes[other]).sum(axis=1, dtype=np.int64)
    is_compared = (covers[page] == covers[other]) | (np.minimum(covers[page], covers[other]) < 0)
    keep = (distance <= SAME_SHEET_BITS) & is_compared & (page != other)
    return place[keep], other[keep], distance[keep]


def _as_structs(rows: pa.Table, twins: _Ints, bits: _Ints) -> pa.Array[Any]:
    is_none = twins < 0
    named = rows.select(["batch", "document_id", "file", "page_no"]).take(pa.array(np.maximum(twins, 0)))
    columns = [named[name].combine_chunks() for name in named.column_names] + [pa.array(bits, pa.int64())]
    return pa.StructArray.from_arrays(columns, fields=list(TWIN), mask=pa.array(is_none))
