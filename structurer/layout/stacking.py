"""Two grids one below the other as one: a row or a cell that the page break cut is made whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.layout import captions
from structurer.records import Cell

if TYPE_CHECKING:
    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Grid

# So many rows with an amount in each say that a row without one is no row.
_ROWS_ENOUGH = 9
# A header has at most so many rows.
_HEADER_ROWS = 4


def stacked(one: Grid, two: Grid, lexicon: Lexicon) -> Grid:
    """Return one grid with the rows of the second below the first, a row or cell cut by the break made whole."""
    if one.n_columns != two.n_columns:
        return one
    cut = _cut_row(one, two, lexicon)
    if cut:
        one = with_pieces(one, two)
        two = captions.rows(two, 1, two.n_rows)
    kept, merged = _bridged(one, two)
    below = [
        Cell(cell.row + one.n_rows, cell.column, cell.rowspan, cell.colspan, cell.parts)
        for cell in two.cells
        if (cell.row, cell.column) not in merged
    ]
    return replace(
        one,
        n_rows=one.n_rows + two.n_rows,
        cells=tuple(kept + below),
        pages=_all_pages(one) + _all_pages(two),
    )


def _all_pages(grid: Grid) -> tuple[int | None, ...]:
    return grid.pages if len(grid.pages) == grid.n_rows else grid.pages * grid.n_rows


def _filled(grid: Grid, row: int) -> dict[int, Cell]:
    return {cell.column: cell for cell in grid.cells if cell.row == row and cell.parts}


def _cut_row(one: Grid, two: Grid, lexicon: Lexicon) -> bool:
    """Tell whether the first row of the second grid is the rest of the last row of the first.

    It is if it only goes on with texts, none of which begins an item of its own, and lacks what every
    row has: a row number or code, two texts, or amounts, if there are rows enough to say so.
    """
    first, last = _filled(two, 0), _filled(one, one.n_rows - 1)
    if not first or not first.keys() < last.keys() or any(cell.rowspan > 1 for cell in first.values()):
        return False
    if any(labels.key(cell.text).isdecimal() or lexicon.begins_item(cell.text) for cell in first.values()):
        return False
    own = {column for cell in last.values() for column in range(cell.column, cell.column + cell.colspan)}
    always = _always_filled(one) & own - first.keys()
    numbers = {column for column in always & last.keys() if labels.key(last[column].text).isdecimal()}
    if any(last[column].text.strip().isdecimal() for column in numbers) or len(always - numbers) > 1:
        return True
    return bool(numbers) and one.n_rows >= _ROWS_ENOUGH


def _always_filled(grid: Grid) -> set[int]:
    """Return the columns with something in every row below the header's."""
    first = min(_HEADER_ROWS, grid.n_rows - 1)
    rows: dict[int, set[int]] = {}
    for cell in grid.cells:
        if cell.parts:
            for column in range(cell.column, cell.column + cell.colspan):
                rows.setdefault(column, set()).update(range(cell.row, cell.row + cell.rowspan))
    body = set(range(first, grid.n_rows))
    return {column for column, filled in rows.items() if body <= filled}


def with_pieces(one: Grid, two: Grid) -> Grid:
    """Return the first grid with the first row of the second as further pieces of the cells of its last row."""
    pieces = _filled(two, 0)
    last = one.n_rows - 1
    cells = tuple(
        replace(cell, parts=cell.parts + pieces[cell.column].parts)
        if cell.row == last and cell.column in pieces
        else cell
        for cell in one.cells
    )
    return replace(one, cells=cells)


def _bridged(one: Grid, two: Grid) -> tuple[list[Cell], set[tuple[int, int]]]:
    """Join a merged cell at the end of one page with its other half on the next, if only one half has text."""
    heads = {cell.column: cell for cell in two.cells if cell.row == 0}
    kept: list[Cell] = []
    merged: set[tuple[int, int]] = set()
    for cell in one.cells:
        half = heads.get(cell.column)
        ends_page = cell.row + cell.rowspan == one.n_rows
        if (
            half is not None
            and ends_page
            and half.colspan == cell.colspan
            and bool(cell.parts) != bool(half.parts)
            and (cell.rowspan > 1 or half.rowspan > 1)
        ):
            merged.add((0, half.column))
            kept.append(replace(cell, rowspan=cell.rowspan + half.rowspan, parts=cell.parts + half.parts))
        else:
            kept.append(cell)
    return kept, merged
