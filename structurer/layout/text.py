"""Words to lines: reading order, gaps, and whether a line break was made or only ran out of room."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.records import Box, Line, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.records import Word

# Words on one line closer than this share of their height stand without a space between them.
_CLOSE = 0.25
# A gap wider than this share of the height is kept as a tab: two things on one line.
_WIDE = 1.6
# Inner margin of a cell: text this close to both sides has filled it (points, both sides together).
_MARGIN = 9.0


def words_to_rows(words: Sequence[Word]) -> list[list[Word]]:
    """Group words that stand on one line, top to bottom, each line from left to right."""
    rows: list[list[Word]] = []
    top = bottom = 0.0
    for word in sorted(words, key=lambda w: w.box.top):
        box = word.box
        if rows and min(bottom, box.bottom) - max(top, box.top) > 0.5 * min(bottom - top, box.bottom - box.top):
            rows[-1].append(word)
        else:
            rows.append([word])
            top, bottom = box.top, box.bottom
    for row in rows:
        row.sort(key=lambda w: w.box.x0)
    return rows


def joined(row: Sequence[Word]) -> str:
    """Return the text of one line: no space in a small gap, a space in a larger one, a tab in a wide one."""
    text = row[0].text
    for left, right in pairwise(row):
        gap, height = right.box.x0 - left.box.x1, right.box.bottom - right.box.top
        text += ("" if gap < _CLOSE * height else " " if gap < _WIDE * height else "\t") + right.text
    return text


def bounds(words: Sequence[Word]) -> Box:
    """Return the smallest box around the words."""
    if len(words) == 1:
        return words[0].box
    boxes = [word.box for word in words]
    x0, top = min(b.x0 for b in boxes), min(b.top for b in boxes)
    return Box(x0, top, max(b.x1 for b in boxes), max(b.bottom for b in boxes))


def cell_part(words: Sequence[Word], page: int | None, width: float) -> Part:
    """Return the text of a cell `width` points wide.

    A line that ran out of room is joined to the next without a mark; a break that was made
    on purpose stays as a line feed, so two figures one above the other never become one.
    """
    if len(words) == 1:
        return Part(words[0].text, page, words[0].box, words[0].confidence, words[0].other)
    rows = words_to_rows(words)
    other = ""
    if any(word.other for word in words):
        read = [[replace(word, text=word.other or word.text) for word in row] for row in rows]
        other = _stacked(read, width)
    return Part(_stacked(rows, width), page, bounds(words), min(word.confidence for word in words), other)


def _stacked(rows: Sequence[Sequence[Word]], width: float) -> str:
    text = _flat(rows[0])
    for upper, lower in pairwise(rows):
        used = upper[-1].box.x1 - upper[0].box.x0
        full = width - used < _first_token(lower[0]) + _MARGIN
        text += ("" if full else "\n") + _flat(lower)
    return text


def _flat(row: Sequence[Word]) -> str:
    return row[0].text if len(row) == 1 else joined(row).replace("\t", " ")


def _first_token(word: Word) -> float:
    """Return the width of the first piece of a word that cannot be broken: an ideograph, or a run of ASCII."""
    run = 0
    for char in word.text:
        if not char.isascii():
            break
        run += 1
    box = word.box
    return (box.x1 - box.x0) * max(run, 1) / len(word.text)


def words_to_lines(words: Sequence[Word], page: int | None) -> list[Line]:
    """Return the lines of running text among the words, top to bottom."""
    lines = []
    for row in words_to_rows(words):
        size = max(word.box.bottom - word.box.top for word in row)
        lines.append(Line(joined(row), page, bounds(row), round(size, 1), tuple(row)))
    return lines
