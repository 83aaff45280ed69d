"""What metrics share is made by short ways; each gives to the bit what the plain way gives."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from sohoa.pages.decode.pillow import decode_grey, to_small_rgb
from sohoa.pages.metrics import bleed_through
from sohoa.pages.metrics.orientation import _components, _enlarged
from sohoa.pages.metrics.seams import _mixed_steps
from sohoa.pages.reduce import halve, shrink
from sohoa.pages.views import PageViews, fold_rows, lowest, percentiles


def _squares_of_every_sum(columns: int) -> np.ndarray:
    """Squares of 3 × 3 pixels, so many side by side, one of each sum from 0 to 9 × 255."""
    sums = np.resize(np.arange(9 * 255 + 1), (-(-(9 * 255 + 1) // columns), columns))
    image = np.zeros((sums.shape[0] * 3, columns * 3), np.uint8)
    for place in range(9):
        image[place // 3 :: 3, place % 3 :: 3] = sums // 9 + (place < sums % 9)
    return image


@pytest.mark.parametrize("columns", [1, 2, 15, 16, 33, 551])
@pytest.mark.parametrize("left_over", [0, 1, 2])
def test_a_third_of_the_size_is_the_area_mean(columns: int, left_over: int) -> None:
    """Every sum of nine greys is rounded as by INTER_AREA, whatever is left over at the right and below."""
    image = _squares_of_every_sum(columns)
    size = image.shape[1] // 3, image.shape[0] // 3
    plain = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    assert (shrink(np.pad(image, (0, left_over), constant_values=99), 3) == plain).all()


def test_a_third_of_a_colour_image_is_the_area_mean() -> None:
    """Each colour for itself."""
    image = np.random.default_rng(1).integers(0, 256, (770, 301, 3), np.uint8)
    assert (shrink(image, 3) == cv2.resize(image[:768, :300], (100, 256), interpolation=cv2.INTER_AREA)).all()


@pytest.mark.parametrize("share", [0.0, 0.04, 0.5, 0.75, 0.995, 1.0])
def test_a_percentile_is_the_lowest_level_that_so_many_do_not_exceed(share: float) -> None:
    """As counted level by level, also of one value, of one tone and of every other column."""
    rng = np.random.default_rng(2)
    for values in (
        rng.integers(0, 256, (61, 200), np.uint8)[:, ::2],
        rng.integers(240, 256, 5000, np.uint8),
        np.full((9, 9), 255, np.uint8),
        np.zeros(1, np.uint8),
    ):
        counts = np.cumsum(np.bincount(values.ravel(), minlength=256))
        assert percentiles(values, share) == (int(np.argmax(counts >= share * values.size)),)


@pytest.mark.parametrize("rows", [1, 2, 3, 12, 47])
def test_extremes_of_groups(rows: int) -> None:
    """However many rows a group has."""
    groups = np.random.default_rng(rows).integers(0, 256, (7, rows, 31), np.uint8)
    assert (fold_rows(np.maximum, groups) == groups.max(axis=1)).all()
    assert (fold_rows(np.minimum, groups) == groups.min(axis=1)).all()


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_lowest_of_the_bands(left_out: int) -> None:
    """What is left out are the lowest of each column."""
    bands = np.random.default_rng(3).normal(size=(12, 90)).astype(np.float32)
    assert (lowest(bands, left_out) == np.sort(bands, axis=0)[left_out]).all()


@pytest.mark.parametrize("ink", [0.0, 0.004, 0.3, 1.0])
@pytest.mark.parametrize("blank", [(), (0,), (3, 4, 5, 20), tuple(range(40))])
def test_letters_are_those_of_the_whole_tile(ink: float, blank: tuple[int, ...]) -> None:
    """Rows that are left out part what lies over and under them, and move nothing."""
    tile = (np.random.default_rng(4).random((64, 50)) < ink).astype(np.uint8)
    tile[list(blank)] = 0
    labels, boxes = _components(tile)
    assert ((labels > 0) == (tile > 0)).all()
    _, plain, stats, _ = cv2.connectedComponentsWithStats(tile, connectivity=8)
    expected = {
        (x, y, width, height)
        for x, y, width, height, _ in stats[1:].tolist()
        if x > 0 and y > 0 and x + width < 50 and y + height < 64
    }
    found = {tuple(box): number for number, box in enumerate(boxes.tolist()) if box[2]}
    assert set(found) == expected
    for (x, y, width, height), number in found.items():
        part = labels[y : y + height, x : x + width] == number
        assert len(set(plain[y : y + height, x : x + width][part])) == 1
        assert part.any(axis=0).all()
        assert part.any(axis=1).all()


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_enlarged_pixels_are_squares(factor: int) -> None:
    """Nothing is blended."""
    image = np.random.default_rng(5).integers(0, 256, (9, 7), np.uint8)
    assert (_enlarged(image, factor) == np.kron(image, np.ones((factor, factor), np.uint8))).all()


@pytest.mark.parametrize("colours", [1, 2, 16, 255, 256])
def test_grey_of_a_palette(colours: int) -> None:
    """As Pillow converts each pixel, also where one has a number that the palette does not name."""
    rng = np.random.default_rng(colours)
    image = Image.frombytes("P", (300, 9), rng.integers(0, 256, 2700, np.uint8).tobytes())
    image.putpalette(rng.integers(0, 256, 3 * colours).tolist())
    assert (decode_grey(image, 1) == np.asarray(image.convert("L"))).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA"])
@pytest.mark.parametrize("factor", [1, 3, 8])
def test_small_pictures_are_the_mean_of_the_colours(mode: str, factor: int) -> None:
    """Of greys too, whose one channel is averaged."""
    grey = Image.fromarray(np.random.default_rng(6).integers(0, 256, (61, 90), np.uint8))
    image = grey.convert(mode)
    assert to_small_rgb(image, factor).tobytes() == image.convert("RGB").reduce(factor).tobytes()
    if mode == "P":
        image.info["transparency"] = 3
        assert to_small_rgb(image, factor).tobytes() == image.convert("RGB").reduce(factor).tobytes()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("rows", [2, 383, 384, 385, 386, 770])
def test_steps_by_both_signs(rows: int, axis: int) -> None:
    """All steps less those that one sign has more, however the image is cut into bands."""
    image = np.random.default_rng(rows).integers(0, 256, (rows, 40), np.uint8)
    steps = np.diff(image.astype(np.int64), axis=1 - axis)
    plain = (np.abs(steps).sum(axis=axis) - np.abs(steps.sum(axis=axis))) / np.float32(image.shape[axis])
    assert np.array_equal(_mixed_steps(image, axis), plain.astype(np.float32))


def test_the_paper_around_is_the_mean_rounded_down() -> None:
    """Of the bare pixels in the window at half size, by whole numbers; 0 where hardly any is seen."""
    random = np.random.default_rng(1)
    small = random.integers(0, 256, (180, 140), np.uint8)
    bare = ((random.random((180, 140)) < np.linspace(0, 1, 140)) * 255).astype(np.uint8)
    size = (bleed_through._AROUND_PX,) * 2
    greys, seen = (cv2.boxFilter(halve(image), cv2.CV_32S, size, normalize=False) for image in (small & bare, bare))
    plain = greys.astype(np.int64) * 255 // np.maximum(seen, 1) * (seen >= bleed_through._LEAST_SEEN)
    assert np.array_equal(bleed_through._around(small, bare), cv2.resize(plain.astype(np.uint8), (140, 180)))


@pytest.mark.parametrize("rows", [33, 64, 65, 200])
def test_red_is_left_out(rows: int) -> None:
    """Red light less what of it is grey, at the size of the page, however many bands it is made of."""
    colour = np.random.default_rng(rows).integers(0, 256, (rows, 50, 3), np.uint8)
    blue, green, red = (colour[..., plane].astype(int) for plane in range(3))
    plain = np.minimum(255, red + np.maximum(0, red - np.maximum(blue, green)))
    views = PageViews.of(np.zeros((rows, 50), np.uint8), None, lambda: colour)
    assert np.array_equal(views.leave_out_red(), plain)


def test_what_is_looked_for_once_is_found_once() -> None:
    """Whoever asks; on another page it is looked for again."""
    seen: list[PageViews] = []

    def look(views: PageViews) -> int:
        seen.append(views)
        return len(seen)

    one, other = (PageViews.of(np.zeros((40, 40), np.uint8), None) for _ in range(2))
    assert [views.once(look) for views in (one, one, other)] == [1, 1, 2]
