"""Printed rules from pixels: straight strokes longer than any stroke of a character, tied to one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer.ocr import strokes
from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels
    from structurer.ocr.strokes import Stroke

# What is darker than the first (of 255) in a run as long as the second (points) may be a rule: the
# fainter the print, the longer the run must be.
_LEVELS = ((170, 10.0), (215, 22.0), (240, 60.0))
# Dots and dashes closer than this are one rule, if it is as long as the second (points).
_DOTS, _DOTTED = 3.0, 60.0
# A dot or a dash is no thicker than this (points).
_DOT = 1.6
# No rule is thicker (points); a bar of blurred text is.
_THICKEST = 3.5
# No page has more pieces of rules in one direction; the longest count.
_MOST = 1500
# Around a rule so many pixels still belong to it.
_BLUR = 1


@dataclass(frozen=True)
class Rules:
    """The rules of a page: strokes in pixels, and a mask (255 or 0) of the pixels that they cover."""

    flat: tuple[Stroke, ...]
    upright: tuple[Stroke, ...]
    mask: Pixels


def find(grey: Pixels, unit: float) -> Rules:
    """Return the rules of a straightened page; `unit` pixels are a point."""
    flat, flat_labels = _strokes(grey, unit)
    # A turned picture makes of upright rules flat ones; the same search finds both.
    upright, upright_labels = _strokes(np.ascontiguousarray(grey.T), unit)
    flat, upright = strokes.tied(flat, upright, unit)
    mask = _pixels(flat_labels, flat) | _pixels(upright_labels, upright).T
    mask = cv2.dilate(np.ascontiguousarray(mask), np.ones((2 * _BLUR + 1, 2 * _BLUR + 1), np.uint8))
    return Rules(tuple(strokes.joined(flat, unit)), tuple(strokes.joined(upright, unit)), mask)


def _strokes(grey: Pixels, unit: float) -> tuple[list[Stroke], Pixels]:
    """Return the flat strokes of a picture and the array that has a stroke's number wherever it is."""
    runs = np.zeros_like(grey)
    for level, length in _LEVELS:
        runs |= _runs((grey < level).view(np.uint8), length * unit)
    runs |= _dotted(grey, unit)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs)
    found = []
    for number, (x, y, w, h, area) in enumerate(stats.tolist()):
        if number and area / w <= _THICKEST * unit:
            found.append(strokes.Stroke(y + (h - 1) / 2, x, x + w, area / w, (number,)))
    return sorted(found, key=lambda stroke: stroke.start - stroke.end)[:_MOST], labels


def _runs(dark: Pixels, length: float) -> Pixels:
    """Return the dark pixels that lie in a flat run of so many, allowing it to slip by a pixel up or down."""
    side = max(2, round(length))
    thick = cv2.dilate(dark, np.ones((3, 1), np.uint8))
    return cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, side), np.uint8)) & dark


def _dotted(grey: Pixels, unit: float) -> Pixels:
    """Return the rules that are made of dots or dashes, closed."""
    dark = (grey < _LEVELS[1][0]).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark)
    dot = (stats[:, 3] <= _DOT * unit).astype(np.uint8)
    dot[0] = 0
    gap = np.ones((1, max(2, round(_DOTS * unit))), np.uint8)
    closed = cv2.morphologyEx(dot[labels], cv2.MORPH_CLOSE, gap)
    return cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, round(_DOTTED * unit)), np.uint8))


def _pixels(labels: Pixels, kept: list[Stroke]) -> Pixels:
    """Return a mask of the strokes that were kept."""
    chosen = np.zeros(int(labels.max()) + 1, np.uint8)
    for stroke in kept:
        chosen[list(stroke.labels)] = 255
    return chosen[labels]
