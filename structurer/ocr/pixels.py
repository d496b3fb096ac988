"""A picture to an array of a size that can be worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels
    from structurer.records import Picture

# The recogniser reads best at this resolution; what is finer than FINE is brought down to it, nothing is enlarged.
DPI, FINE = 200.0, 215.0
# No page is longer than A3; a picture that claims so has its resolution wrong (inches).
_LONGEST = 16.6
# Fewer pixels on a side hold no line of text.
_SMALLEST = 16
# More pixels than this are no page (a square of 30,000); they are not even looked at.
_MOST = 900_000_000
# A side longer than this is thinned out before it is scaled with care.
_SIDE = 12_000


def picture_to_pixels(picture: Picture) -> tuple[Pixels, float] | str:
    """Return the colours, and how many pixels are a point; or why there are none."""
    width, height = picture.width, picture.height
    if width <= 0 or height <= 0 or len(picture.pixels) != 3 * width * height:
        return "bad_picture"
    if width * height > _MOST:
        return "too_large"
    if min(width, height) < _SMALLEST:
        return "too_small"
    colours = np.frombuffer(picture.pixels, np.uint8).reshape(height, width, 3)
    return _scaled(colours, _dpi(picture))


def _dpi(picture: Picture) -> float:
    across = picture.points[0] / 72 if picture.points[0] > 0 else 0.0
    printed = picture.width / across if across else DPI
    return max(printed, max(picture.width, picture.height) / _LONGEST)


def _scaled(colours: Pixels, dpi: float) -> tuple[Pixels, float] | str:
    if dpi <= FINE:
        return colours, dpi / 72
    thin = max(colours.shape[:2]) // _SIDE + 1
    if thin > 1:
        colours, dpi = np.ascontiguousarray(colours[::thin, ::thin]), dpi / thin
    if dpi > FINE:
        height, width = (round(side * DPI / dpi) for side in colours.shape[:2])
        if min(height, width) < _SMALLEST:
            return "too_small"
        colours, dpi = cv2.resize(colours, (width, height), interpolation=cv2.INTER_AREA), DPI
    return colours, dpi / 72
