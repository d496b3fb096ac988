"""Ink to lines of text: cut between rows, then at wide gaps, then between rows again, until nothing falls apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from structurer.ocr.extra import Pixels

# A gap of so many characters parts two columns of text; in a ruled cell the letters of a heading may be spread.
_WIDE, _SPREAD = 1.7, 2.4
# Rows lower than this share of a character are parts of one: the strokes of a 2 or 3 in Chinese, an equals sign.
_LOW = 0.55
# A row this many characters high holds several lines whose strokes touch.
_HIGH = 1.55
# Between two such lines there is this little ink, compared with the middle of them.
_THIN = 0.35
# The middle height of a component to that of a character.
_LARGER = 1.15
# Heights of components that can be characters (points).
_SMALLEST, _LARGEST = 4.5, 24.0


@dataclass(frozen=True)
class Strip:
    """One line of text in pixels: from (x0, top) up to, not including, (x1, bottom)."""

    x0: int
    top: int
    x1: int
    bottom: int

    def moved(self, x: int, y: int) -> Strip:
        """Return the strip further right and down."""
        return Strip(self.x0 + x, self.top + y, self.x1 + x, self.bottom + y)


def character_height(ink: Pixels, unit: float) -> float:
    """Return the usual height of a character in pixels."""
    touching = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(touching)
    heights = stats[1:, 3] - 2
    likely = heights[(heights > _SMALLEST * unit) & (heights < _LARGEST * unit)]
    return float(np.median(likely)) * _LARGER if likely.size else 10.0 * unit


def lines(ink: Pixels, em: float, *, ruled: bool) -> list[Strip]:
    """Return the lines of text in an area; `em` is the height of a character in pixels."""
    found: list[Strip] = []
    wide = (_SPREAD if ruled else _WIDE) * em
    todo = [Strip(0, 0, ink.shape[1], ink.shape[0])]
    while todo:
        area = todo.pop()
        parts = _parts(ink, area, em, wide)
        if len(parts) == 1 and (parts[0] == area or _same(parts[0], area)):
            found += parts
        else:
            todo += parts
    return sorted(found, key=lambda s: (s.top, s.x0))


def _same(one: Strip, other: Strip) -> bool:
    return (one.x0, one.x1) == (other.x0, other.x1)


def _parts(ink: Pixels, area: Strip, em: float, wide: float) -> list[Strip]:
    """Return the columns of every row of an area."""
    own = ink[area.top : area.bottom, area.x0 : area.x1]
    parts = []
    for top, bottom in _rows(own, em):
        row = own[top:bottom].any(axis=0)
        for x0, x1 in _merged(_runs(row), wide):
            parts.append(Strip(area.x0 + x0, area.top + top, area.x0 + x1, area.top + bottom))
    return parts


def _rows(ink: Pixels, em: float) -> list[tuple[int, int]]:
    counts = ink.sum(axis=1, dtype=np.int32)
    rows: list[tuple[int, int]] = []
    for top, bottom in _runs(counts > 0):
        rows += _split(counts, top, bottom, em)
    return _whole(rows, em)


def _whole(rows: list[tuple[int, int]], em: float) -> list[tuple[int, int]]:
    """Join what is too low to be a line to the neighbour with which it makes a character."""
    whole: list[tuple[int, int]] = []
    for top, bottom in rows:
        if whole:
            above = whole[-1]
            low = min(bottom - top, above[1] - above[0]) < _LOW * em
            if low and bottom - above[0] <= 1.25 * em and top - above[1] < _LOW * em:
                whole[-1] = (above[0], bottom)
                continue
        whole.append((top, bottom))
    return whole


def _split(counts: Pixels, top: int, bottom: int, em: float) -> list[tuple[int, int]]:
    """Cut a row that is too high for one line where there is least ink."""
    lines_in = round((bottom - top) / (1.25 * em))
    if bottom - top < _HIGH * em or lines_in < 2:  # noqa: PLR2004  two lines
        return [(top, bottom)]
    each, cuts = (bottom - top) / lines_in, [top]
    middle = float(np.median(counts[top:bottom]))
    for number in range(1, lines_in):
        low = round(top + (number - 0.3) * each)
        at = low + int(np.argmin(counts[low : round(top + (number + 0.3) * each)]))
        if counts[at] <= _THIN * middle:
            cuts.append(at)
    cuts.append(bottom)
    return list(pairwise(cuts))


def _runs(filled: Pixels) -> list[tuple[int, int]]:
    """Return start and end of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], filled.view(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _merged(runs: list[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in runs:
        if merged and start - merged[-1][1] < gap:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged
