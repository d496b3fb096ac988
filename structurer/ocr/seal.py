"""Colours to grey, without the seals: a red or blue stamp is taken away, the print under it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.ocr.extra import Pixels

    Part = tuple[slice, slice]

# A pixel is coloured where its strongest colour exceeds the next by so much (of 255).
_COLOURED = 24
# Looked for in a picture made smaller by this; strokes of one stamp closer than _NEAR there are one.
_SMALLER, _NEAR = 4, 7
# A seal is so wide and high (points); a line of coloured text is not.
_LOW, _HIGH = 45.0, 200.0
_ROUND = 2.2
# So many points beyond the colour its blurred border reaches.
_BORDER = 1.5
# The level of the bare stamp among its pixels, and of paper among all (of a hundred).
_CLEAR, _PAPER = 60, 90
# In the stamp's own colour, as parts of the bare stamp: what is lighter than the first is stamp, washed out at its
# edges where the picture was compressed; what is darker than the second is print.
_BARE, _PRINT = 0.9, 0.1
_RED, _BLUE = 0, 2


def colours_to_greys(colours: Pixels, unit: float) -> tuple[Pixels, Pixels]:
    """Return the picture in grey, for its print and for its rules; `unit` pixels are a point.

    They differ where a seal was: what is left of a stamp must not look like print, and is cut off hard;
    a rule must not be broken by the stamp over it, and is left as it is.
    """
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    print_, ruled = grey, grey
    for channel in (_RED, _BLUE):
        others = cv2.max(colours[:, :, 1], colours[:, :, 2 - channel])
        excess = cv2.subtract(np.ascontiguousarray(colours[:, :, channel]), others)
        if excess.max() <= _COLOURED:
            continue
        for part in _seals(excess, unit):
            if ruled is grey:
                print_, ruled = grey.copy(), grey.copy()
            stamp = cv2.dilate((excess[part] > _COLOURED).astype(np.uint8), _disc(_BORDER * unit)) > 0
            own, paper = colours[part][:, :, channel], float(np.percentile(grey[part], _PAPER))
            light = _light(own, excess[part])
            print_[part] = np.where(stamp, _grey((light - _PRINT) / (_BARE - _PRINT), paper), print_[part])
            ruled[part] = np.where(stamp, _grey(light, paper), ruled[part])
    return print_, ruled


def _seals(excess: Pixels, unit: float) -> Iterator[Part]:
    """Yield the parts of the picture that hold a seal."""
    height, width = excess.shape
    size = (max(1, width // _SMALLER), max(1, height // _SMALLER))
    small = cv2.resize((excess > _COLOURED).astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    joined = cv2.dilate((small > _COLOURED).astype(np.uint8), np.ones((_NEAR, _NEAR), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    low, high = _LOW * unit / _SMALLER, _HIGH * unit / _SMALLER
    for x, y, w, h, _ in stats[1:].tolist():
        if low < min(w, h) and max(w, h) < high and max(w, h) < _ROUND * min(w, h):
            yield slice(_SMALLER * y, _SMALLER * (y + h) + _SMALLER), slice(_SMALLER * x, _SMALLER * (x + w) + _SMALLER)


def _light(own: Pixels, excess: Pixels) -> Pixels:
    """Return how light a stamp's pixels are in its own colour, where it is almost paper: 1 is the bare stamp."""
    bare = own[excess > 2 * _COLOURED]
    level = float(np.percentile(bare if bare.size else own, _CLEAR))
    return own.astype(np.float32) / max(level, 1.0)


def _grey(light: Pixels, paper: float) -> Pixels:
    return (paper * np.clip(light, 0, 1)).astype(np.uint8)


def _disc(radius: float) -> Pixels:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
