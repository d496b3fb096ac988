"""Rows of a text dump to a grid: which cells of the header were merged is inferred, all else stays as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import errors
from structurer.document import dump_header
from structurer.records import Cell, Grid, Part

if TYPE_CHECKING:
    from pathlib import Path

    Row = list[str]

_MOST_CELLS = 2_000_000
_MOST_HEADER_ROWS = 6
_FIGURE = re.compile(r"[-+\u25b3\u2212]?\d[\d,]*(?:\.\d+)?[%\uff05]?")


def is_figure(text: str) -> bool:
    """Return whether the text is a number, as printed in a table, and nothing else."""
    return _FIGURE.fullmatch(text) is not None


def spread(rows: list[Row]) -> list[Row]:
    """Give the cells of a first row that is shorter than the second their columns.

    A dump of one cell a line has lost how wide a merged cell is. The blank cells of the second row stand below cells
    that reach down to it; each run of filled ones stands below one cell, or below several where its first word comes
    again (`item, amount, item, amount`). Where that does not account for every cell, the row stays as it is.
    """
    if len(rows) <= 1 or len(rows[0]) >= len(rows[1]) or any(is_figure(cell) for cell in rows[0] + rows[1]):
        return rows
    starts = []
    first = ""
    for column, cell in enumerate(rows[1]):
        begins = not cell or column == 0 or not rows[1][column - 1]
        if begins:
            first = cell
        if begins or cell == first:
            starts.append(column)
    if len(starts) != len(rows[0]):
        return [_over_one_run(rows[0], rows[1]), *rows[1:]]
    upper = [""] * len(rows[1])
    for column, cell in zip(starts, rows[0], strict=True):
        upper[column] = cell
    return [upper, *rows[1:]]


def _over_one_run(upper: Row, lower: Row) -> Row:
    """Return headings that share one run of columns as one over all of it: where each ends there nobody can say."""
    filled = [column for column, cell in enumerate(lower) if cell]
    if not filled:
        return upper
    start, end = filled[0], filled[-1] + 1
    last = len(upper) - (len(lower) - end)
    if len(filled) < end - start or last <= start:
        return upper
    run = [" ".join(upper[start:last]), *[""] * (end - start - 1)]
    return [*upper[:start], *run, *upper[last:]]


def grid(rows: list[Row], page: int | None, path: Path) -> Grid:
    """Return the rows as a tiling, padded with blank cells on the right.

    A dump has lost which cells were merged. In the header alone they are inferred: a filled cell reaches right over the
    blank ones as far as a lower header row has text below them, inside the cell they all stand below; and it reaches
    down to the end of the header if its column has no more text there. Cells below the header are never merged.
    """
    n_columns = max(map(len, rows))
    if len(rows) * n_columns > _MOST_CELLS:
        raise errors.DocumentError(str(path), f"it has a table of more than {_MOST_CELLS} cells; the file is refused")
    top = [row + [""] * (n_columns - len(row)) for row in rows[: _n_header_rows(rows)]]
    found = dump_header.mended(top, rows[len(top) :], is_figure)
    header = found.rows
    cells = _header_cells([row[: found.start] for row in header], page) if found.doubt else []
    if found.doubt:
        cells.append(_cell((0, found.start), (len(header), found.end - found.start), found.doubt, page))
    right = _header_cells([row[found.end :] for row in header], page)
    cells += [replace(cell, column=cell.column + found.end) for cell in right]
    for index, row in enumerate(dump_header.paired(header, rows[len(header) :], is_figure), len(header)):
        cells += [_cell((index, column), (1, 1), text, page) for column, text in enumerate(row)]
        cells += [_cell((index, column), (1, 1), "", page) for column in range(len(row), n_columns)]
    return Grid(len(rows), n_columns, tuple(cells), (page,) * len(rows), basis="dump")


def _cell(place: tuple[int, int], spans: tuple[int, int], text: str, page: int | None) -> Cell:
    return Cell(*place, *spans, (Part(text, page),) if text else ())


def _n_header_rows(rows: list[Row]) -> int:
    """Return how many rows at the top are the header: those without a figure, while each fills a gap of the former."""
    n_columns = max(map(len, rows))
    gaps = set(range(n_columns))
    for index, row in enumerate(rows[:_MOST_HEADER_ROWS]):
        filled = {column for column, cell in enumerate(row) if cell}
        if not gaps & filled or any(is_figure(cell) for cell in row):
            return index
        gaps -= filled
    return min(len(rows), _MOST_HEADER_ROWS)


def _header_cells(header: list[Row], page: int | None) -> list[Cell]:
    cells = []
    # What covers each slot of the row above: the column a cell starts in; None where it reaches down into this row.
    above: list[int | None] = [0] * len(header[0]) if header else []
    for index, row in enumerate(header):
        here: list[int | None] = list(range(len(row)))
        column = 0
        while column < len(row):
            if above[column] is None:
                here[column] = None
                column += 1
                continue
            end = _reach(header, index, column, above) if row[column] else column + 1
            down = 1
            if row[column] and end == column + 1 and not any(lower[column] for lower in header[index + 1 :]):
                down = len(header) - index
            here[column:end] = [None if down > 1 else column] * (end - column)
            cells.append(_cell((index, column), (down, end - column), row[column], page))
            column = end
        above = here
    return cells


def _reach(header: list[Row], index: int, column: int, above: list[int | None]) -> int:
    """Return where the filled cell ends: after the last blank on its right with text below, under the same cell."""
    end = column + 1
    for right in range(column + 1, len(header[index])):
        if header[index][right] or above[right] != above[column]:
            break
        if any(lower[right] for lower in header[index + 1 :]):
            end = right + 1
    return end
