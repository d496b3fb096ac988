"""How far a page lies askew, and straightening it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels

# Angles looked at (degrees): from -WIDEST to +WIDEST in the first step, then around the best in finer ones.
_WIDEST = 8.0
_STEPS = (0.5, 0.1, 0.02)
# So many dark pixels are enough to tell.
_ENOUGH = 60_000
# Less than this is not worth a blur (degrees).
_LEAST = 0.03


def angle(ink: Pixels) -> float:
    """Return by how many degrees the lines of a picture fall to the right: rules and lines of text become sharp."""
    ys, xs = np.nonzero(ink)
    if not len(ys):
        return 0.0
    step = len(ys) // _ENOUGH + 1
    ys, xs = ys[::step].astype(np.float32), xs[::step].astype(np.float32) - ink.shape[1] / 2
    best, reach = 0.0, _WIDEST
    for fine in _STEPS:
        tried = np.arange(best - reach, best + reach + fine / 2, fine)
        sharp = [_sharpness(ys, xs, math.radians(a)) for a in tried]
        best, reach = float(tried[int(np.argmax(sharp))]), fine
    return round(best, 2)


def _sharpness(ys: Pixels, xs: Pixels, radians: float) -> float:
    """Return how unevenly the pixels fall on lines of this slope."""
    rows = (ys - xs * math.tan(radians)).astype(np.int32)
    counts = np.bincount(rows - rows.min()).astype(np.float64)
    return float((counts * counts).sum())


def straightened(grey: Pixels, degrees: float) -> Pixels:
    """Return the picture turned anticlockwise by so many degrees about its middle, paper at the corners."""
    if abs(degrees) < _LEAST:
        return grey
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
