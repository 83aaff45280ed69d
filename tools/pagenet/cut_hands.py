"""Cut hands out of pictures on a plain ground: ``python -m tools.pagenet.cut_hands FOLDER OUT`` writes PNG with a mask.

Skin is redder than the ground; the largest field of it is the hand. Pictures in which that is a speck, or almost all,
are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from sohoa.pages.reduce import Grey

_SHARES = (0.08, 0.7)  # of the picture that a hand covers


def main() -> None:
    """Read the command line and cut."""
    folder, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"}):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        hand = None if picture is None else cut_hand(np.asarray(picture, np.uint8))
        if hand is not None:
            cv2.imwrite(str(out / f"{path.parent.name}-{path.stem}.png"), hand)


def cut_hand(picture: Grey) -> Grey | None:
    """Return blue, green, red and 255 where the hand is, uint8 (height, width, 4); null where none is found."""
    _, red, blue = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb))
    warmth = cv2.GaussianBlur(cv2.addWeighted(red, 0.5, cv2.bitwise_not(blue), 0.5, 0), (0, 0), 1)
    _, skin = cv2.threshold(warmth, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    skin = cv2.morphologyEx(cv2.morphologyEx(skin, cv2.MORPH_OPEN, _square(3)), cv2.MORPH_CLOSE, _square(5))
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(skin)
    if count < 2:
        return None
    hand = 1 + int(boxes[1:, cv2.CC_STAT_AREA].argmax())
    if not _SHARES[0] <= boxes[hand, cv2.CC_STAT_AREA] / skin.size <= _SHARES[1]:
        return None
    mask = cv2.erode((parts == hand).astype(np.uint8) * 255, _square(3))  # its rim has the ground's colour
    return np.dstack([picture, cv2.GaussianBlur(mask, (0, 0), 0.7)])


def _square(side: int) -> Grey:
    return np.ones((side, side), np.uint8)


if __name__ == "__main__":
    main()
