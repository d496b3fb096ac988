"""The header of a dumped table: put right where two rows are shifted, else left without headings one could trust.

A dump has lost which cells were merged, and sometimes a tab: then a heading stands over the figures of its neighbour.
What a ruled header never has shows it: a merged heading with nothing below its first column but something below a
later one; a heading below one that is a single column wide; the same heading over texts here and over figures there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Row = list[str]
    Rows = Sequence[Row]
    IsFigure = Callable[[str], bool]

# A heading and the one below it.
_PAIR = 2
# So many pairs of headings make a list; two are the two sides of a table, where a name may have no amount.
_PAIRS = 3
# A table has a heading over all but one in so many of its columns, and none of more characters.
_FEW = 8
_LONGEST_HEADING = 30


@dataclass(frozen=True, slots=True)
class Mended:
    """The header rows, and what stood over the columns `start` up to `end`, where no heading can be trusted."""

    rows: list[Row]
    start: int = 0
    end: int = 0
    doubt: str = ""


def mended(header: Rows, body: Rows, is_figure: IsFigure) -> Mended:
    """Return the header with its rows put right where only one reading is left, and without what is in doubt."""
    if len(header) < _PAIR or not _is_header(header):
        return Mended(list(header))
    rows = _swapped([list(row) for row in header])
    stray, open_columns = _strays(rows)
    doubtful = _below_nothing(rows) | open_columns | _unlike(rows, body, is_figure)
    if not doubtful:
        return Mended(rows)
    start, end = min(doubtful), max(doubtful) + 1
    out = {(r, c) for r in range(len(rows)) for c in range(len(rows[r])) if start <= c < end} | stray
    doubt = " ".join(rows[r][c] for r, c in sorted(out) if rows[r][c])
    kept = [["" if (r, c) in out else text for c, text in enumerate(row)] for r, row in enumerate(rows)]
    return Mended(kept, start, end, doubt)


def paired(header: Rows, body: Rows, is_figure: IsFigure) -> list[Row]:
    """Return the rows, those put right that lost a tab before columns whose headings come in pairs, pair after pair.

    Such a row has half of a pair here and half of one there, its last column is blank, and one column further right
    all its pairs are whole. A figure left of the pairs stays where it is.
    """
    rows = list(body)
    start = _first_pair(header)
    if start is None:
        return rows
    for index, row in enumerate(rows):
        padded = row + [""] * (len(header[0]) - len(row))
        first = start - 1 if start and padded[start - 1] and not is_figure(padded[start - 1]) else start
        moved = [*padded[:first], "", *padded[first:-1]]
        if not padded[-1] and not _whole(padded, start) and _whole(moved, start):
            rows[index] = moved
        elif not any(padded[start:]):
            rows[index] = _as_one(row)
    return rows


def _as_one(row: Row) -> Row:
    """Return a row that says nothing but a name and its share as one text: it has lost all columns."""
    filled = [column for column, text in enumerate(row) if text]
    if len(filled) != _PAIR or filled[1] != filled[0] + 1 or not row[filled[1]].endswith(("%", "\uff05")):
        return row
    return [*row[: filled[0]], f"{row[filled[0]]} {row[filled[1]]}", "", *row[filled[1] + 1 :]]


def _first_pair(header: Rows) -> int | None:
    """Return the column from which on the lowest headings are the same two again and again, if they are."""
    last = list(header[-1]) if header else []
    pair = last[-_PAIR:]
    start = len(last)
    while start >= _PAIR and all(pair) and last[start - _PAIR : start] == pair:
        start -= _PAIR
    return start if len(last) - start >= _PAIRS * _PAIR and len(set(pair)) == _PAIR else None


def _whole(row: Row, start: int) -> bool:
    """Tell whether of every pair of columns both are filled, or none."""
    pairs = zip(row[start::_PAIR], row[start + 1 :: _PAIR], strict=True)
    return all(bool(name) == bool(value) for name, value in pairs)


def _is_header(rows: Rows) -> bool:
    """Tell the header of a table from the top of a card: short headings, over nearly every column."""
    blank = sum(not any(column) for column in zip(*rows, strict=True))
    return blank * _FEW <= len(rows[0]) and all(len(text) <= _LONGEST_HEADING for row in rows for text in row)


def _end(row: Row, column: int) -> int:
    """Return where a heading ends if it covers all the blanks on its right."""
    end = column + 1
    while end < len(row) and not row[end]:
        end += 1
    return end


def _parents(rows: Rows) -> list[tuple[int, int, int]]:
    """Return row, first column and end of every heading that has rows below it."""
    return [(r, c, _end(row, c)) for r, row in enumerate(rows[:-1]) for c, text in enumerate(row) if text]


def _swapped(rows: list[Row]) -> list[Row]:
    """Exchange a heading and what stands right below the blank beside it, where each took the other's column.

    The headings before it have one column each and end where it begins; so the one below is the next of them, and it
    is itself the single column that follows.
    """
    for r, start, end in _parents(rows):
        if end - start != _PAIR or r + _PAIR != len(rows) or start == 0:
            continue
        below = rows[r + 1]
        if below[start] or not below[start + 1] or not below[start - 1] or rows[r][start - 1]:
            continue
        rows[r][start], rows[r][start + 1] = "", rows[r][start]
        below[start], below[start + 1] = below[start + 1], ""
    return rows


def _below_nothing(rows: Rows) -> set[int]:
    """Return the columns of merged headings with a blank below their first column, and what stands left of them."""
    found: set[int] = set()
    for r, start, end in _parents(rows):
        filled = [c for c in range(start, end) if any(row[c] for row in rows[r + 1 :])]
        if filled and filled[0] > start:
            before = next((c for c in range(start - 1, -1, -1) if rows[r + 1][c]), start)
            found.update(range(before, end))
    return found


def _strays(rows: Rows) -> tuple[set[tuple[int, int]], set[int]]:
    """Return the headings of a row that has lost its columns, and the columns they may belong to.

    It has if one stands below a heading of a single column: the merged ones beside that must have lost it.
    """
    for r, start, end in _parents(rows):
        below = next((i for i in range(r + 1, len(rows)) if rows[i][start]), None)
        if end - start > 1 or end == len(rows[0]) or below is None:
            continue
        stray = {(below, c) for c in range(start, len(rows[below])) if rows[below][c]}
        return stray, {c for c in range(start, len(rows[0])) if _is_open(rows[:below], c)}
    return set(), set()


def _is_open(rows: Rows, column: int) -> bool:
    """Tell whether the lowest heading above a column is a merged one, which waits to be divided."""
    for row in reversed(rows):
        start = next((c for c in range(column, -1, -1) if row[c]), None)
        if start is not None and (start == column or not any(other[column] for other in rows)):
            return _end(row, start) - start > 1
    return False


def _unlike(rows: Rows, body: Rows, is_figure: IsFigure) -> set[int]:
    """Return the columns behind a heading that comes again, over figures where it stood over texts, or the reverse."""
    seen: dict[str, tuple[int, bool]] = {}
    for column in range(len(rows[0]) if rows else 0):
        text = next((row[column] for row in reversed(rows) if row[column]), "")
        cells = [row[column] for row in body if column < len(row) and row[column]]
        figures = [is_figure(cell) for cell in cells]
        if not text or not cells or len(set(figures)) > 1:
            continue
        first, is_figures = seen.setdefault(text, (column, figures[0]))
        if is_figures != figures[0]:
            return set(range(first + 1, len(rows[0])))
    return set()
