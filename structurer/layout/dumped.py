"""Tables of a text dump, which has no coordinates: columns found again by their headings, forms cut in two."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Chunk, Grid

BASIS = "dump"
# A row of fewer cells is no header.
_HEADINGS = 2


def are(one: Grid, two: Grid) -> bool:
    """Tell whether both grids are from a text dump."""
    return one.basis == BASIS == two.basis


def aligned(one: Grid, two: Grid) -> tuple[Grid, Grid] | None:
    """Return both over the same columns, or None if the second repeats no header and has other columns."""
    narrow = _trimmed(two)
    place = _places(one, narrow)
    if place is not None:
        return one, _moved(narrow, place)
    return (one, two) if one.n_columns == two.n_columns else None


def row_keys(grid: Grid, row: int) -> list[str]:
    """Return the keys of the filled cells that begin in a row."""
    return [labels.key(cell.text) for cell in _filled(grid, row)]


def _filled(grid: Grid, row: int) -> list[Cell]:
    return sorted((cell for cell in grid.cells if cell.row == row and cell.parts), key=lambda cell: cell.column)


def _trimmed(grid: Grid) -> Grid:
    """Return the grid without the columns on its right that hold nothing at all."""
    end = max((cell.column + cell.colspan for cell in grid.cells if cell.parts), default=grid.n_columns)
    kept = tuple(
        replace(cell, colspan=min(cell.colspan, end - cell.column)) for cell in grid.cells if cell.column < end
    )
    return replace(grid, n_columns=end, cells=kept)


def _places(one: Grid, two: Grid) -> list[int] | None:
    """Return where each column border of the second grid is in the first, by the headings that both begin with."""
    keys = row_keys(two, 0)
    if len(keys) < _HEADINGS or any(key.isdecimal() for key in keys):
        return None
    start = next((row for row in range(one.n_rows) if row_keys(one, row) == keys), None)
    if start is None:
        return None
    found: dict[int, int] = {two.n_columns: _end(one)}
    row = 0
    while row < two.n_rows and row_keys(two, row) and row_keys(two, row) == row_keys(one, start + row):
        for cell, own in zip(_filled(two, row), _filled(one, start + row), strict=True):
            if found.setdefault(cell.column, own.column) != own.column:
                return None
        row += 1
    place = [found.get(column, -1) for column in range(two.n_columns + 1)]
    rising = all(left < right for left, right in itertools.pairwise(place))
    return place if place[0] == 0 and rising else None


def _end(grid: Grid) -> int:
    return _trimmed(grid).n_columns


def _moved(grid: Grid, place: Sequence[int]) -> Grid:
    moved = tuple(
        replace(cell, column=place[cell.column], colspan=place[cell.column + cell.colspan] - place[cell.column])
        for cell in grid.cells
    )
    return replace(grid, n_columns=place[-1], cells=moved)


def widened(grid: Grid, n_columns: int) -> Grid:
    """Return the grid with blank columns on its right, up to `n_columns`."""
    blank = [Cell(row, c, 1, 1) for row in range(grid.n_rows) for c in range(grid.n_columns, n_columns)]
    return replace(grid, n_columns=max(n_columns, grid.n_columns), cells=(*grid.cells, *blank))


def form_goes_on(one: Chunk, two: Chunk, lexicon: Lexicon) -> bool:
    """Tell whether the second grid is the part of a form that was cut off: nothing above it but a part's headings."""
    if one.grid is None or two.grid is None or not are(one.grid, two.grid) or two.title or two.head or one.notes:
        return False
    return _heads_part(two.grid, 0, lexicon) and not any(
        _heads_part(one.grid, row, lexicon) for row in range(one.grid.n_rows)
    )


def cuts_row(grid: Grid, repeated: int, lexicon: Lexicon) -> bool:
    """Tell whether the first row below a repeated header of a form's part is the rest of the row before it.

    It is if it has no level and no name: nothing in the columns of the first three headings.
    """
    if grid.basis != BASIS or repeated >= grid.n_rows or not _heads_part(grid, 0, lexicon):
        return False
    heads, rest = _filled(grid, 0), _filled(grid, repeated)
    return bool(rest) and rest[0].column >= heads[_HEADINGS].column + heads[_HEADINGS].colspan


def _heads_part(grid: Grid, row: int, lexicon: Lexicon) -> bool:
    card = lexicon.raw.get("card")
    known = card.get("indicator_headings_keys", ()) if isinstance(card, dict) else ()
    return sum(key in known for key in row_keys(grid, row)) > _HEADINGS
