"""Lines of text cut out of the page for the recogniser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.ocr.extra import cv2

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels
    from structurer.ocr.lines import Strip

# Pixels around the ink that still belong to it: its blurred border.
_BLUR = 2
# White around a line: shares of its height above and below, left and right.
_ABOVE, _BESIDE = 0.12, 0.3
# A line is padded to at least this share of the usual height of a character.
_LEAST = 0.9


def crop(grey: Pixels, strip: Strip, em: float) -> Pixels:
    """Return the line with white around it."""
    top, left = max(0, strip.top - _BLUR), max(0, strip.x0 - _BLUR)
    line = grey[top : strip.bottom + _BLUR, left : strip.x1 + _BLUR]
    height = line.shape[0]
    above = max(round(_ABOVE * height), round((_LEAST * em - height) / 2), 1)
    beside = round(_BESIDE * (height + 2 * above))
    return cv2.copyMakeBorder(line, above, above, beside, beside, cv2.BORDER_CONSTANT, value=255)
