"""Words of one text line to pieces, and the white gaps between pieces to columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.layout.text import bounds, words_to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from structurer.records import Word

# A figure as one word: digits, grouped or not, with what may stand around them in a cell.
_FIGURE = re.compile(r"[-+−△▲(（¥￥]{0,2}\d[\d,，]*(?:[.．]\d+)?[%‰]?[)）]?")
# A figure that is surely no page number, year or item number.
_AMOUNT = re.compile(r"\D{0,2}(?:\d{1,3}(?:[,，]\d{3})+|\d+)(?:[.．]\d+)?\D?")
# A whole number of more digits than this is an amount; the first level of a code has at most so many digits.
_LONG, _CODE = 4, 3
_LEVEL_OF_CODE = re.compile(r"\d\d")
# Words closer than this share of their height are one piece (a blank in a name), if neither is an amount.
_BLANK = 0.55
# A gap narrower than this share of the height parts no two columns of text.
_GUTTER = 0.5
# One text in this many rows may stand across a gap (a total centred over two columns).
_CROSSING = 12
# Words whose middles differ by less than this share of their height stand on one line.
_LEVEL = 0.35
# Boxes that overlap by less than this do not touch (points).
TOUCH = 0.5

Column = tuple[float, float]


def is_figure(text: str) -> bool:
    """Tell whether a word is one figure or code as a whole."""
    return _FIGURE.fullmatch(text) is not None


def is_amount(text: str) -> bool:
    """Tell whether a word is a figure with decimals, with thousands separators, or of five digits."""
    return (
        _AMOUNT.fullmatch(text) is not None
        and is_figure(text)
        and (not text.isdecimal() or (len(text) > _LONG and text[0] != "0"))
        and sum(map(str.isdecimal, text)) > 1
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of one line that belong together: what one column holds of it."""

    x0: float
    top: float
    x1: float
    bottom: float
    words: tuple[Word, ...]
    figure: bool

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return (self.top + self.bottom) / 2


def words_to_pieces(words: Sequence[Word]) -> list[list[Piece]]:
    """Return the pieces of each text line, top to bottom, from left to right."""
    return [_line_to_pieces(line) for row in words_to_rows(words) for line in _on_one_line(row)]


def _on_one_line(row: Sequence[Word]) -> list[list[Word]]:
    """Part words that overlap in height but stand on different lines: a figure amid the lines of a wrapped name."""
    lines: list[list[Word]] = []
    for word in sorted(row, key=_middle):
        if lines and _middle(word) - _middle(lines[-1][0]) <= _LEVEL * (word.box.bottom - word.box.top):
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _middle(word: Word) -> float:
    return (word.box.top + word.box.bottom) / 2


def _line_to_pieces(line: Sequence[Word]) -> list[Piece]:
    runs: list[list[Word]] = []
    for word in sorted(line, key=lambda w: w.box.x0):
        if runs and _together(runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    return [piece(run) for run in runs]


def piece(words: Sequence[Word]) -> Piece:
    """Return the words as one piece."""
    box = bounds(words)
    return Piece(box.x0, box.top, box.x1, box.bottom, tuple(words), len(words) == 1 and is_figure(words[0].text))


def _together(left: Word, right: Word) -> bool:
    gap, height = right.box.x0 - left.box.x1, right.box.bottom - right.box.top
    if gap >= _BLANK * height:
        return False
    figures = is_figure(left.text), is_figure(right.text)
    if all(figures):
        # Only the levels of a code (204 02 01) are printed as figures a blank apart.
        return left.text.isdecimal() and _LEVEL_OF_CODE.fullmatch(right.text) is not None and len(left.text) <= _CODE
    return not (figures[0] and is_amount(left.text)) and not (figures[1] and is_amount(right.text))


def gaps_to_columns(lines: Sequence[Sequence[Piece]]) -> list[Column]:
    """Return the x-extents that the pieces of a table's lines fill, parted by the white between them.

    A text that reaches over columns of figures, or over a gap that hardly any other line crosses,
    parts nothing and joins nothing.
    """
    pieces = [p for line in lines for p in line]
    figures = _extents(sorted((p.x0, p.x1) for p in pieces if p.figure), 0.0)
    kept = [p for p in pieces if p.figure or sum(p.x0 < x1 - 1 and p.x1 > x0 + 1 for x0, x1 in figures) <= 1]
    height = min((p.bottom - p.top for p in kept), default=0.0)
    for _ in range(len(lines) // _CROSSING + bool(lines[2:])):
        crossing = _most_crossing(kept, height)
        if crossing is None:
            break
        kept.remove(crossing)
    return _columns(kept, height)


def _extents(spans: Iterable[Column], room: float) -> list[Column]:
    """Join spans that overlap or leave less than `room` between them."""
    joined: list[Column] = []
    for x0, x1 in spans:
        if joined and x0 < joined[-1][1] + room - TOUCH:
            joined[-1] = joined[-1][0], max(x1, joined[-1][1])
        else:
            joined.append((x0, x1))
    return joined


def _columns(pieces: Sequence[Piece], height: float) -> list[Column]:
    """Join what overlaps; a narrow gap between two texts is none."""
    figures = [(p.x0, p.x1) for p in pieces if p.figure]
    joined: list[tuple[float, float, bool]] = []
    for x0, x1 in _extents(sorted((p.x0, p.x1) for p in pieces), 0.0):
        has_figure = any(x0 - TOUCH <= start and end <= x1 + TOUCH for start, end in figures)
        if joined and x0 - joined[-1][1] < _GUTTER * height and not has_figure and not joined[-1][2]:
            joined[-1] = joined[-1][0], x1, False
        else:
            joined.append((x0, x1, has_figure))
    return [(x0, x1) for x0, x1, _ in joined]


def _most_crossing(pieces: Sequence[Piece], height: float) -> Piece | None:
    """Return the text without which one column falls apart into two that each hold several lines."""
    columns = _columns(pieces, height)
    ordered = sorted((p for p in pieces if not p.figure), key=lambda p: p.x0 - p.x1)
    for candidate in ordered[:_CROSSING]:
        around = next((c for c in columns if c[0] <= candidate.x0 and candidate.x1 <= c[1]), None)
        if around is None:
            continue
        rest = [p for p in pieces if p is not candidate and around[0] - 1 < p.x0 and p.x1 < around[1] + 1]
        parts = _columns(rest, height)
        if len(parts) > 1 and all(sum(x0 - 1 < p.x0 and p.x1 < x1 + 1 for p in rest) > 1 for x0, x1 in parts):
            return candidate
    return None


def column_of(x0: float, x1: float, columns: Sequence[Column]) -> int:
    """Return the index of the column that a span shares most with, or else stands nearest to."""
    return max(range(len(columns)), key=lambda i: min(x1, columns[i][1]) - max(x0, columns[i][0]))


def columns_to_edges(columns: Sequence[Column], x0: float, x1: float) -> tuple[float, ...]:
    """Return the borders: the outer ones as given if they lie outside, the inner ones amid the gaps."""
    inner = [(left[1] + right[0]) / 2 for left, right in pairwise(columns)]
    return (min(x0, columns[0][0]), *inner, max(x1, columns[-1][1]))


def cut_at_columns(line: Sequence[Piece], columns: Sequence[Column]) -> list[Piece]:
    """Return the pieces with those taken apart whose words stand in different columns: headings a blank apart."""
    cut: list[Piece] = []
    for whole in line:
        over = [
            {i for i, (x0, x1) in enumerate(columns) if min(w.box.x1, x1) - max(w.box.x0, x0) > TOUCH}
            for w in whole.words
        ]
        each = all(len(own) == 1 for own in over) and len(set.union(*over)) == len(over) > 1
        cut += [piece([word]) for word in whole.words] if each else [whole]
    return cut
