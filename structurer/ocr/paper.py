"""Grey to even grey: paper becomes white everywhere, whatever the light and the grounds of header cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels

# Darker than this (of 255, after evening) is ink: serifs of CJK horizontals fade to 180 and more at 200 dpi.
INK = 200
# The ground is looked for in a picture made smaller by this, around every pixel so far (points).
_SMALLER, _AROUND = 4, 12.0
# A ground this dark is a black edge of the scanner, or print: not evened any further.
_DARKEST = 90
# A page with less ink than the first share is blank, with more than the second black.
_BLANK, _BLACK = 0.00004, 0.6


def evened(grey: Pixels, unit: float) -> Pixels:
    """Return the grey divided by its ground, so that paper is 255."""
    height, width = grey.shape
    size = (max(1, width // _SMALLER), max(1, height // _SMALLER))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    side = 2 * max(1, round(_AROUND * unit / _SMALLER / 2)) + 1
    ground = cv2.medianBlur(cv2.dilate(small, np.ones((side, side), np.uint8)), 2 * side + 1)
    ground = cv2.resize(np.maximum(ground, _DARKEST), (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(grey, ground, scale=255)


def fault(grey: Pixels) -> str | None:
    """Tell why there is nothing on the page to be read, if so."""
    dark = float((grey < INK).mean())
    if float((grey < 2 * _DARKEST - INK // 2).mean()) > _BLACK:
        return "black"
    return "blank" if dark < _BLANK else None
