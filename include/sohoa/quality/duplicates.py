"""Pages that were captured twice: the same file under another name, the same image again, the same sheet again.

Only pages of one batch are compared, so that the answer depends on the batch alone and stays the same when stored pages
are judged again. What a batch repeats of an earlier one is not seen here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_Ints = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]
_Bools = npt.NDArray[np.bool_]

_BLANK = 0.003  # share of ink below which the hash of a page is one of noise
_SAME_IMAGE = 0.4  # of the limit: so near lies an image that was saved again
_LAYOUT = 2.0  # of the limit: where a third page is as near as this, all are forms of one layout
_HASH_BYTES = 32
_BLOCK = 1 << 22  # pairs compared at a time


def earlier_twins(pages: pa.Table, bits: float) -> _Ints:
    """For each page the row of an earlier page of its batch that shows the same sheet, -1 where there is none.

    Two pages are the same where their files have the same bytes and they the same number, or where the distance of
    their perceptual hashes is at most four tenths of ``bits``; also up to ``bits``, unless a third page is within twice
    of ``bits``: sheets that differ in a few words of a printed form lie that near to each other, and more than two of
    them at a time. Hashes of glossy covers are not compared between documents: they are printed alike but for a number.
    Blank pages, tiles and references, which overlap on purpose, and pages with an error have no twin.

    Args:
        pages: page rows in the order of the manifests.
        bits: distance in bits of 256 up to which two pages can be one sheet.
    """
    comparable = _comparable(pages)
    twins = np.full(len(pages), -1, np.int64)
    batches = _codes(pages, "agency", "batch")
    hashes = _hashes(pages, comparable)
    is_glossy = np.asarray(pc.fill_null(pc.equal(pages["cover"], "glossy"), False).to_numpy(), np.bool_)
    covers = np.where(is_glossy, _codes(pages, "agency", "batch", "document_id"), -1)
    for rows in _groups(np.flatnonzero(comparable), batches):
        twins[rows] = _twins_of(rows, hashes[rows], covers[rows], bits)
    same_file = _first_of_each(_codes(pages, "agency", "batch", "sha256", "page_no"), comparable)
    return np.where(same_file < np.arange(len(pages)), same_file, twins)


def _comparable(pages: pa.Table) -> _Bools:
    is_page = pc.and_(pc.equal(pages["role"], "page"), pc.is_null(pages["error"]))
    has_ink = pc.greater_equal(pages["ink_ratio"], _BLANK)
    known = pc.and_(pc.equal(pc.binary_length(pages["phash"]), 2 * _HASH_BYTES), pc.is_valid(pages["sha256"]))
    return np.asarray(pc.fill_null(pc.and_(pc.and_(is_page, has_ink), known), False).to_numpy(), np.bool_)


def _hashes(pages: pa.Table, comparable: _Bools) -> _Words:
    """Hashes as four words a page; zeros where there is none to compare."""
    words = np.zeros((len(pages), _HASH_BYTES // 8), np.uint64)
    text = "".join(pages["phash"].filter(pa.array(comparable)).to_pylist())
    words[comparable] = np.frombuffer(bytes.fromhex(text), np.uint64).reshape(-1, words.shape[1])
    return words


def _codes(pages: pa.Table, *names: str) -> _Ints:
    """A number for each combination of values."""
    codes = np.zeros(len(pages), np.int64)
    for name in names:
        column = pages[name].combine_chunks().dictionary_encode()
        values = pc.fill_null(column.indices, -1).to_numpy().astype(np.int64)
        codes = np.unique(codes * (len(column.dictionary) + 1) + values, return_inverse=True)[1]
    return codes


def _groups(rows: _Ints, codes: _Ints) -> list[_Ints]:
    """The rows of each code that has two or more, in their order."""
    rows = rows[np.argsort(codes[rows], kind="stable")]
    parts = np.split(rows, np.flatnonzero(np.diff(codes[rows])) + 1)
    return [part for part in parts if len(part) > 1]


def _first_of_each(codes: _Ints, among: _Bools) -> _Ints:
    """For each row the first row of its code; rows that are not among them are their own first."""
    first = np.arange(len(codes))
    rows = np.flatnonzero(among)
    _, where, group = np.unique(codes[rows], return_index=True, return_inverse=True)
    first[rows] = rows[where][group]
    return first


def _twins_of(rows: _Ints, hashes: _Words, covers: _Ints, bits: float) -> _Ints:
    """The twins of the pages of one batch; ``covers`` are their documents where these are glossy, else -1."""
    near, other, distance = _near_pairs(hashes, _LAYOUT * bits)
    keep = (covers[near] == covers[other]) | (np.minimum(covers[near], covers[other]) < 0)
    near, other, distance = near[keep], other[keep], distance[keep]
    neighbours = np.bincount(near, minlength=len(rows))
    alone = (neighbours[near] == 1) & (neighbours[other] == 1)
    is_twin = (other < near) & ((distance <= _SAME_IMAGE * bits) | (alone & (distance <= bits)))
    twins = np.full(len(rows), -1, np.int64)
    order = np.lexsort((-other[is_twin], -distance[is_twin]))  # the nearest, of these the first, is written last
    twins[near[is_twin][order]] = rows[other[is_twin][order]]
    return twins


def _near_pairs(hashes: _Words, bits: float) -> tuple[_Ints, _Ints, _Ints]:
    """All pairs of pages at most ``bits`` apart, each in both orders: (page, other page, distance).

    A quarter of the hash alone drops nearly all pairs: 30,000 pages of one batch take some seconds.
    """
    found = [(np.empty(0, np.int64),) * 3]
    step = max(1, _BLOCK // len(hashes))
    first = np.ascontiguousarray(hashes[:, 0])
    for start in range(0, len(hashes), step):
        quarter = np.bitwise_count(first[start : start + step, None] ^ first[None, start:])
        page, other = (place + start for place in np.nonzero(quarter <= bits))
        page, other = page[page < other], other[page < other]
        distance = np.bitwise_count(hashes[page] ^ hashes[other]).sum(axis=1, dtype=np.int64)
        keep = distance <= bits
        found.append((page[keep], other[keep], distance[keep]))
    page, other, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return np.concatenate([page, other]), np.concatenate([other, page]), np.tile(distance, 2)
