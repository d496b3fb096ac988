"""Where text can stand: the areas that rules part from one another, and the lines of text in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from structurer.ocr.extra import cv2, np
from structurer.ocr.lines import Strip, lines

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels
    from structurer.ocr.rules import Rules
    from structurer.ocr.strokes import Stroke

# A rule may end so far before the one that it meets (points).
_SHORT = 3.0
# An area with a shorter side (points) is the inside of a double rule.
_NARROW = 3.0
# What is no larger than the first, or no wider than the second (shares of a character), is dust and no line of text.
_SPECK, _THIN = 0.35, 0.12
# At the edge of the sheet what is narrower than this (shares of a character) is its shadow.
_SHADOW = 0.6


class Area(NamedTuple):
    """The lines of text of an area that rules part from others."""

    strips: list[Strip]
    inside: bool
    """Whether there are rules on all its sides, as around a cell."""
    ink: Strip
    """All ink in it, whether text or not."""


def areas(ink: Pixels, raw: Pixels, rules: Rules, unit: float, em: float) -> list[Area]:
    """Return the areas between the rules with any ink in them, and their lines of text.

    `raw` is ink without rules (1 or 0), `ink` what of it can be text.
    """
    walls = _walls(rules, unit)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - walls, connectivity=4)
    found: list[Area] = []
    for label in range(1, count):
        x, y, w, h, _ = stats[label].tolist()
        if min(w, h) < _NARROW * unit:
            continue
        part = (slice(y, y + h), slice(x, x + w))
        mine = labels[part] == label
        own, any_ink = ink[part] & mine, raw[part] & mine
        if any_ink.any():
            inside = x > 0 and y > 0 and x + w < ink.shape[1] and y + h < ink.shape[0]
            strips = [strip.moved(x, y) for strip in lines(own, em, ruled=inside)]
            strips = [s for s in strips if not _is_speck(s, em) and not _is_shadow(s, em, ink.shape[1])]
            left, top, width, height = cv2.boundingRect(any_ink)
            extent = Strip(left, top, left + width, top + height).moved(x, y)
            found.append(Area(strips, inside, extent))
    return found


def _is_speck(strip: Strip, em: float) -> bool:
    width, height = strip.x1 - strip.x0, strip.bottom - strip.top
    return max(width, height) < _SPECK * em or width < _THIN * em


def _is_shadow(strip: Strip, em: float, width: int) -> bool:
    """Tell whether a strip is part of the dark edge of a sheet, beside which there is no room for text."""
    narrow = strip.x1 - strip.x0 < _SHADOW * em
    return narrow and (strip.x0 < _SHADOW * em or width - strip.x1 < _SHADOW * em)


def _walls(rules: Rules, unit: float) -> Pixels:
    """Return 1 wherever a rule is, or should be: drawn on over its breaks and to the rule that it nearly meets."""
    walls = (rules.mask > 0).astype(np.uint8)
    reach = _SHORT * unit
    for stroke in rules.flat:
        _draw(walls, stroke, reach)
    turned = np.ascontiguousarray(walls.T)
    for stroke in rules.upright:
        _draw(turned, stroke, reach)
    return np.ascontiguousarray(turned.T)


def _draw(walls: Pixels, stroke: Stroke, reach: float) -> None:
    y = min(max(round(stroke.at), 0), walls.shape[0] - 1)
    walls[y, max(0, round(stroke.start - reach)) : round(stroke.end + reach) + 1] = 1
