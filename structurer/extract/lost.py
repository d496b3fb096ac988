"""What a text dump has lost of a form: labels merged over several rows, wide values, a value apart from its label."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from structurer.extract import mirrored
from structurer.records import Cell, Grid, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from structurer.catalog.lexicon import Lexicon

    IsLabel = Callable[[Cell], bool]
    IsFigure = Callable[[Cell], bool]
    Place = tuple[int, int]

BASIS = "dump"
# A text of more characters does not fit a narrow cell.
_NARROW = 2
_GLUED = re.compile(r"\s*(?P<label>.*\S)\s*(?:[:\uff1a]\s*|\s)(?P<value>\S+)\s*", re.DOTALL)


def restored(grid: Grid, is_label: IsLabel, is_figure: IsFigure, lexicon: Lexicon) -> Grid:
    """Return the grid of a dumped form with what is certain put back; any other grid as it is."""
    if grid.basis != BASIS:
        return grid
    rows: list[list[Cell]] = [[] for _ in range(grid.n_rows)]
    for cell in sorted(grid.cells, key=lambda cell: cell.column):
        rows[cell.row].append(cell)
    if any(cell.rowspan > 1 for cell in grid.cells):
        # The reader took its top for the header of a table.
        rows = _single(grid)
    rows = [_wide(_apart(row, is_label, is_figure), is_label, is_figure) for row in rows]
    rows, parts = mirrored.realigned(rows, grid.n_columns, is_label, lexicon)
    inside = {row for start, end in parts.items() for row in range(start, end)}
    rows = [row if index in inside else _closed(row, is_label) for index, row in enumerate(rows)]
    n_columns = max(cell.column + cell.colspan for row in rows for cell in row)
    cells = tuple(cell for row in _carried(rows, is_label, parts) for cell in row)
    return replace(grid, n_columns=n_columns, cells=cells)


def _single(grid: Grid) -> list[list[Cell]]:
    """Return the rows of a grid with every merged cell as one slot with its text and blank ones."""
    at = {(cell.row, cell.column): cell for cell in grid.cells}
    return [
        [
            replace(at[row, column], rowspan=1, colspan=1) if (row, column) in at else Cell(row, column, 1, 1)
            for column in range(grid.n_columns)
        ]
        for row in range(grid.n_rows)
    ]


def _apart(row: Sequence[Cell], is_label: IsLabel, is_figure: IsFigure) -> list[Cell]:
    """Return the row with a figure that is glued to its label put into the blank cell beside it."""
    cells = list(row)
    for index, cell in enumerate(cells[:-1]):
        match = _GLUED.fullmatch(cell.text) if len(cell.parts) == 1 and not cells[index + 1].parts else None
        if match is None or cell.rowspan > 1:
            continue
        label, value = (
            replace(old, parts=(Part(match[name], cell.parts[0].page, cell.parts[0].box),))
            for old, name in ((cell, "label"), (cells[index + 1], "value"))
        )
        if is_label(label) and is_figure(value):
            cells[index : index + 2] = [label, value]
    return cells


def _wide(row: Sequence[Cell], is_label: IsLabel, is_figure: IsFigure) -> list[Cell]:
    """Return the row with its one long text as wide as the blanks on its right."""
    cells = list(row)
    own = [index for index, cell in enumerate(cells) if cell.parts and not is_label(cell)]
    if len(own) != 1 or len(cells[own[0]].text) <= _NARROW or is_figure(cells[own[0]]):
        return cells
    rest = cells[own[0] + 1 :]
    if any(cell.parts or cell.rowspan > 1 for cell in rest):
        return cells
    text = cells[own[0]]
    return [*cells[: own[0]], replace(text, colspan=text.colspan + sum(cell.colspan for cell in rest))]


def _closed(row: Sequence[Cell], is_label: IsLabel) -> list[Cell]:
    """Return a row of labels and values with the blanks behind a value, and between a label and its value, taken in.

    What is blank between two labels, or behind the last, is a value that is absent: one cell.
    """
    if any(cell.rowspan > 1 for cell in row) or not any(map(is_label, row)):
        return list(row)
    closed: list[Cell] = []
    for index, cell in enumerate(row):
        before = closed[-1] if closed else None
        following = next((other for other in row[index:] if other.parts), None)
        valued = following is not None and not is_label(following)
        if before is None or cell.parts or (before.parts and is_label(before) and not valued):
            closed.append(cell)
        else:
            closed[-1] = replace(before, colspan=before.colspan + cell.colspan)
    return closed


def _carried(rows: list[list[Cell]], is_label: IsLabel, parts: Collection[int]) -> list[list[Cell]]:
    """Return the rows with a label of the first column going on over the blanks below it; `parts` begin with labels.

    Such a blank is no value: it is left of everything in its row.
    """
    label: Cell | None = None
    carried = [list(row) for row in rows]
    for index, row in enumerate(carried):
        first = row[0] if row else None
        if first is None or first.column > 0:
            continue
        goes_on = label is not None and not first.parts and first.colspan == label.colspan and len(row) > 1
        if label is not None and goes_on:
            label = replace(label, rowspan=label.rowspan + first.rowspan)
            carried[label.row][0] = label
            del carried[index][0]
        else:
            beside = next((cell for cell in row[1:] if cell.parts), first)
            named = index in parts or is_label(first) or is_label(beside)
            label = first if first.parts and named else None
    return carried
