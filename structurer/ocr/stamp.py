"""Round stamps without colour: they cannot be told from print and stay on it, but what lies under them is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.ocr.extra import Pixels

# Looked for at this many pixels a point; the radius of an official stamp (points).
_FINE = 1.0
_SMALL, _LARGE = 36.0, 80.0
# Of the votes that a perfect ring gets in the Hough space: so few are enough to look closer.
_VOTES = 24
# A ring reaches so far beyond the radius that is found (points). On it there is ink in the first share of all
# directions, and just inside of it in less, by the second share.
_THICK, _CLOSED, _LESS = 2.0, 0.72, 0.25
# So many directions are looked at, and the inside is so far from the ring (points).
_DIRECTIONS, _INSIDE = 180, 5.0
# Ink is darker than this when the picture has been made small (of 255).
_INK = 225
# And than this when it has not; a stamp whose ink is lighter than the second can be told from print.
_INKED, _LIGHT = 170, 100
DARKER = 0.75
"""Under a stamp print is darker than this part of it."""
# So near to what is dark (points) there is print, too.
_REACH = 0.6


class Stamp(NamedTuple):
    """A round stamp in pixels: its middle and its radius."""

    x: float
    y: float
    radius: float
    level: float
    """How dark its ink is, of 255."""

    def covers(self, x0: float, top: float, x1: float, bottom: float) -> bool:
        """Tell whether a rectangle lies under it, in part or whole."""
        dx = max(x0 - self.x, 0.0, self.x - x1)
        dy = max(top - self.y, 0.0, self.y - bottom)
        return dx * dx + dy * dy <= self.radius * self.radius


def find(grey: Pixels, unit: float) -> list[Stamp]:
    """Return the round stamps of a page without rules; `unit` pixels are a point."""
    scale = _FINE / unit
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    circles = cv2.HoughCircles(
        small,
        cv2.HOUGH_GRADIENT,
        dp=1,
        minDist=_SMALL,
        param1=80,
        param2=_VOTES,
        minRadius=round(_SMALL),
        maxRadius=round(_LARGE),
    )
    found = [] if circles is None else circles.reshape(-1, 3).tolist()
    ink = cv2.dilate((small < _INK).astype(np.uint8), np.ones((3, 3), np.uint8))
    return [
        Stamp(x / scale, y / scale, r / scale + _THICK * unit, _level(grey, x / scale, y / scale, r / scale, unit))
        for x, y, r in found
        if _is_ring(ink, x, y, r)
    ]


def _level(grey: Pixels, x: float, y: float, radius: float, unit: float) -> float:
    """Return how dark the ring is in the middle of its line."""
    ring = np.zeros_like(grey)
    cv2.circle(ring, (round(x), round(y)), round(radius + _THICK * unit / 2), 255, round(2 * _THICK * unit))
    inked = grey[(ring > 0) & (grey < _INKED)]
    return float(np.median(inked)) if inked.size else 0.0


def without(ink: Pixels, grey: Pixels, stamps: Sequence[Stamp], unit: float) -> Pixels:
    """Return the ink (1 or 0) without the stamps that are clearly lighter than print."""
    for stamp in stamps:
        if stamp.level >= _LIGHT:
            disc = np.zeros_like(ink)
            cv2.circle(disc, (round(stamp.x), round(stamp.y)), round(stamp.radius), 1, -1)
            side = 2 * max(1, round(_REACH * unit)) + 1
            dark = (grey < DARKER * stamp.level).astype(np.uint8)
            print_ = cv2.dilate(dark, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
            ink = np.where((disc > 0) & (print_ == 0), np.uint8(0), ink)
    return ink


def _is_ring(ink: Pixels, x: float, y: float, radius: float) -> bool:
    closed = _share(ink, x, y, radius)
    return closed >= _CLOSED and closed - _share(ink, x, y, radius - _INSIDE) >= _LESS


def _share(ink: Pixels, x: float, y: float, radius: float) -> float:
    """Return in which share of all directions there is ink at a distance."""
    angles = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
    xs = np.round(x + radius * np.cos(angles)).astype(int)
    ys = np.round(y + radius * np.sin(angles)).astype(int)
    inside = (xs >= 0) & (ys >= 0) & (xs < ink.shape[1]) & (ys < ink.shape[0])
    return float(ink[ys[inside], xs[inside]].sum()) / _DIRECTIONS
