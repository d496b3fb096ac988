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
# The share of a seal's pixels that are surely ink of the stamp alone.
_CLEAR = 60
# What is lighter than this part of the bare stamp is stamp: its ink is uneven.
_BARE = 0.88
_RED, _BLUE = 0, 2


def colours_to_grey(colours: Pixels, unit: float) -> tuple[Pixels, Pixels]:
    """Return the picture in grey and a mask (255 or 0) of where a seal was; `unit` pixels are a point."""
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    covered = np.zeros_like(grey)
    for channel in (_RED, _BLUE):
        others = cv2.max(colours[:, :, 1], colours[:, :, 2 - channel])
        excess = cv2.subtract(np.ascontiguousarray(colours[:, :, channel]), others)
        if excess.max() <= _COLOURED:
            continue
        for part in _seals(excess, unit):
            stamp = cv2.dilate((excess[part] > _COLOURED).astype(np.uint8), _disc(_BORDER * unit))
            grey[part] = _lifted(colours[part][:, :, channel], grey[part], excess[part], stamp)
            covered[part] |= 255 * stamp
    return grey, covered


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


def _lifted(own: Pixels, grey: Pixels, excess: Pixels, stamp: Pixels) -> Pixels:
    """Return grey with the stamp raised to the level of the paper.

    In the stamp's own colour the stamp is almost as light as paper; only the print under it is dark.
    """
    bare = own[excess > 2 * _COLOURED]
    level = float(np.percentile(bare if bare.size else own, _CLEAR))
    paper = float(np.percentile(grey, 90))
    light = own.astype(np.float32) / max(level, 1.0)
    lifted = np.where(light > _BARE, paper, light * paper)
    return np.where(stamp > 0, np.clip(lifted, 0, 255).astype(np.uint8), grey)


def _disc(radius: float) -> Pixels:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
