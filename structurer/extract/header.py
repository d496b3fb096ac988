"""The header of a table: how many rows it has, and the heading path of each column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer import amounts, labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Cell, Grid

# Column numbers and the formulas over them, as in "1", "5=6+7", "(3)", "A".
_NUMBERING = re.compile(r"[(（]?(\d{1,2}|[A-Z])(\s*[=＝][=＝+＋\-－\d A-Z()（）…]+)?[)）]?")
# The number of the first numbered column: that of the names is often left out.
_FIRST = (1, 2)
# A cell recognised in a picture with less confidence says nothing about its row.
_SURE = 0.75


@dataclass(frozen=True, slots=True)
class Column:
    """One printed column: the slots start..end-1 and its headings from top to bottom."""

    start: int
    end: int
    headings: tuple[str, ...]
    """As printed."""
    cells: tuple[Cell, ...]
    """The header cells the headings were read from."""
    path: tuple[str, ...]
    """The keys of the headings, without units."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table and the row its body starts in."""

    columns: tuple[Column, ...]
    body: int
    rows: frozenset[tuple[str, ...]]
    """The keys of the header rows, to know them again where a page repeats them."""


def read(grid: Grid, lexicon: Lexicon, depth: int | None = None) -> Header:
    """Return the header of the grid; a table with nothing but a header has its body at `n_rows`.

    With a `depth` the headings stand in so many rows, whatever they look like.
    """
    by_row: list[list[Cell]] = [[] for _ in range(grid.n_rows)]
    for cell in grid.cells:
        by_row[cell.row].append(cell)
    depth = _depth(by_row, lexicon) if depth is None else depth
    body = depth
    while body < grid.n_rows and is_guide(_surely_read(by_row[body]), lexicon):
        body += 1
    rows = frozenset(tuple(labels.key(c.text) for c in by_row[r] if c.parts) for r in range(body))
    return Header(tuple(_columns(grid, depth, lexicon)), body, rows)


def _depth(by_row: Sequence[Sequence[Cell]], lexicon: Lexicon) -> int:
    """Return the number of rows down to the one in which every merged heading has been divided."""
    n_rows = len(by_row)
    if any(_is_amount(cell.text, lexicon) for cell in by_row[0]):
        return 0
    if not by_row[0] or is_guide(_surely_read(by_row[0]), lexicon):
        return 0
    depth = max(cell.row + cell.rowspan for cell in by_row[0])
    while depth < n_rows and _divides(by_row, depth, lexicon):
        depth = max(cell.row + cell.rowspan for cell in by_row[depth])
    return min(depth, n_rows)


def _is_amount(text: str, lexicon: Lexicon) -> bool:
    """Tell an amount from a year or a number that may head a column."""
    found = amounts.figure(text, lexicon.notation)
    return found is not None and (found.decimals > 0 or found.digits != found.raw.strip())


def repeats(own: Sequence[Cell], head: Header, lexicon: Lexicon) -> bool:
    """Tell whether the cells of a row of the body repeat the header, or only number the columns."""
    texts = [cell.text for cell in own]
    sure = _surely_read(own)
    marked = len(sure) < len(texts) or any(text in lexicon.guide_marks for text in map(labels.plain, texts))
    if marked and is_guide(sure, lexicon):
        return True
    again = tuple(labels.key(text) for text in texts) in head.rows
    return again and (is_guide(texts, lexicon) or not any(amounts.figure(text, lexicon.notation) for text in texts))


def _divides(by_row: Sequence[Sequence[Cell]], depth: int, lexicon: Lexicon) -> bool:
    """Tell whether the row at `depth` holds the sub-headings of a merged heading that ends above it."""
    row = by_row[depth]
    texts = [cell.text for cell in row if cell.parts]
    if not texts or is_guide(texts, lexicon) or all(map(lexicon.is_total, texts)):
        return False
    if any(amounts.figure(text, lexicon.notation) for text in texts):
        return False
    for cell in (cell for above in by_row[:depth] for cell in above):
        if cell.row + cell.rowspan != depth or cell.colspan == 1 or not cell.parts:
            continue
        below = [c for c in row if cell.column <= c.column < cell.column + cell.colspan]
        if len(below) > 1 and all(c.parts for c in below):
            return True
    return False


def _surely_read(cells: Sequence[Cell]) -> list[str]:
    """Return the texts of filled cells, of those recognised in a picture the ones that are sure.

    The asterisks of a guide row come out of a scan as anything.
    """
    return [cell.text for cell in cells if cell.parts and min(part.confidence for part in cell.parts) >= _SURE]


def is_guide(texts: Sequence[str], lexicon: Lexicon) -> bool:
    """Tell whether a row only numbers the columns (1, 2, 3 or marks), and states nothing."""
    plain = [labels.plain(text) for text in texts]
    if not plain:
        return False
    marks = [text for text in plain if text in lexicon.guide_marks]
    rest = [text for text in plain if text not in lexicon.guide_marks]
    if not all(_NUMBERING.fullmatch(text) for text in rest):
        return False
    if marks:
        return True
    numbers = [int(found[0]) for text in rest if (found := re.findall(r"\d+", text))]
    return len(numbers) > 1 and numbers[0] in _FIRST and all(b - a == 1 for a, b in pairwise(numbers))


def _columns(grid: Grid, depth: int, lexicon: Lexicon) -> list[Column]:
    """Return the columns as the lowest headings part them; without a header, as the grid does."""
    heads: list[list[Cell]] = [[] for _ in range(grid.n_columns)]
    for cell in grid.cells:
        if cell.row < depth:
            for column in range(cell.column, cell.column + cell.colspan):
                heads[column].append(cell)
    columns: list[Column] = []
    start = 0
    for column in range(1, grid.n_columns + 1):
        if column < grid.n_columns and depth and _lowest(heads[column]) is _lowest(heads[start]):
            continue
        cells = tuple(cell for cell in sorted(heads[start], key=lambda c: c.row) if cell.parts)
        headings = tuple(cell.text for cell in cells)
        columns.append(Column(start, column, headings, cells, tuple(map(lexicon.heading, headings))))
        start = column
    return columns


def _lowest(cells: Sequence[Cell]) -> Cell | None:
    return max(cells, key=lambda cell: cell.row, default=None)
