"""Printed lines to paragraphs, each character still knowing the words it was printed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.records import Box, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.records import Line

# What no typesetter breaks: it may be pushed to the next line and leave its room empty.
_TOKEN = re.compile(r"[!-~\uff05\u2030]*")
# Sizes of one paragraph differ less than this; fonts for digits and ideographs differ somewhat.
_OTHER_SIZE = 1.3
# A page with fewer lines does not show its margins.
_FEW_LINES = 4
# Left edges this close are one edge (points).
_SAME_EDGE = 2.0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together; `starts` are their offsets in `text`."""

    text: str
    lines: tuple[Line, ...]
    starts: tuple[int, ...]

    def parts(self, start: int, end: int) -> tuple[Part, ...]:
        """Return the words in which `text[start:end]` is printed: one part a line."""
        found = []
        for line, at in zip(self.lines, self.starts, strict=True):
            piece = line.text.strip()
            first, last = max(start - at, 0), min(end - at, len(piece))
            if first < last:
                lead = len(line.text) - len(line.text.lstrip())
                found.append(Part(piece[first:last], line.page, _box(line, first + lead, last + lead)))
        return tuple(found)


def paragraphs(lines: Sequence[Line], opening: re.Pattern[str]) -> Iterator[Paragraph]:
    """Join lines to paragraphs, over page breaks too.

    A paragraph begins where a line matches `opening`, is indented, has another size or follows a
    line that left room for more. A line without a place is a paragraph of its own.
    """
    margins = _margins(lines)
    together: list[Line] = []
    for line in lines:
        if together and (opening.match(line.text) or _begins(together[-1], line, margins)):
            yield _joined(together)
            together = []
        together.append(line)
    if together:
        yield _joined(together)


def _joined(lines: list[Line]) -> Paragraph:
    pieces = [line.text.strip() for line in lines]
    starts = [0]
    for piece in pieces[:-1]:
        starts.append(starts[-1] + len(piece))
    return Paragraph("".join(pieces), tuple(lines), tuple(starts))


def _begins(upper: Line, lower: Line, margins: dict[int | None, tuple[float, float]]) -> bool:
    if upper.box is None or lower.box is None:
        return True
    small, large = sorted((upper.size, lower.size))
    if large > _OTHER_SIZE * small:
        return True
    size = lower.box.bottom - lower.box.top
    room = margins[upper.page][1] - upper.box.x1
    token = _TOKEN.match(lower.text.lstrip())
    needed = max(len(token[0]) / 2 if token else 0.0, 1.0) + 1.0
    return lower.box.x0 - margins[lower.page][0] >= size or room > needed * size


def _margins(lines: Sequence[Line]) -> dict[int | None, tuple[float, float]]:
    """Return the left and right edge of the text on every page."""
    pages: dict[int | None, list[Box]] = {}
    for line in lines:
        if line.box is not None:
            pages.setdefault(line.page, []).append(line.box)
    everything = [box for boxes in pages.values() for box in boxes]
    return {page: _edges(boxes if len(boxes) >= _FEW_LINES else everything) for page, boxes in pages.items()}


def _edges(boxes: list[Box]) -> tuple[float, float]:
    """Return the leftmost edge that two lines share, and the rightmost end of a line."""
    lefts = sorted(box.x0 for box in boxes)
    shared = (a for a, b in pairwise(lefts) if b - a <= _SAME_EDGE)
    return next(shared, lefts[0]), max(box.x1 for box in boxes)


def _box(line: Line, start: int, end: int) -> Box | None:
    """Return the box of the words that hold this piece of the line; of the whole line if it has no words."""
    boxes, at = [], 0
    for word in line.words:
        at = line.text.find(word.text, at)
        if at < 0:
            return line.box
        if at < end and start < at + len(word.text):
            boxes.append(word.box)
        at += len(word.text)
    if not boxes:
        return line.box
    x0, top = min(b.x0 for b in boxes), min(b.top for b in boxes)
    return Box(x0, top, max(b.x1 for b in boxes), max(b.bottom for b in boxes))
