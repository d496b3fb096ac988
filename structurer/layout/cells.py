"""Words into the cells of a lattice: a grid with text."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from structurer.layout.text import cell_part
from structurer.records import Box, Cell, Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.layout.lattice import Lattice
    from structurer.records import Word


# A text too long for its cell may hang out of the table's lower border up to this share of a line from its top.
_HANGS = 0.25


def inside(words: Sequence[Word], lattices: Sequence[Lattice]) -> tuple[list[list[Word]], list[Word]]:
    """Sort words by the lattice their middle stands in, the smallest first; the rest stand outside all."""
    frames = sorted(((lat.xs[-1] - lat.xs[0]) * (lat.ys[-1] - lat.ys[0]), index) for index, lat in enumerate(lattices))
    order = [(lattices[i].xs[0], lattices[i].ys[0], lattices[i].xs[-1], lattices[i].ys[-1], i) for _, i in frames]
    within: list[list[Word]] = [[] for _ in lattices]
    outside: list[Word] = []
    for word in words:
        box = word.box
        x, y = (box.x0 + box.x1) / 2, (box.top + box.bottom) / 2
        upper = box.top + _HANGS * (box.bottom - box.top)
        for x0, top, x1, bottom, index in order:
            if x0 <= x <= x1 and top <= y and upper <= bottom:
                within[index].append(word)
                break
        else:
            outside.append(word)
    return within, outside


def filled(lattice: Lattice, words: Sequence[Word], page: int | None, basis: str = "ruled") -> Grid:
    """Return the grid of the lattice with each word in the cell its middle stands in."""
    xs, ys = lattice.xs, lattice.ys
    n_rows, n_columns = len(ys) - 1, len(xs) - 1
    owner = [[0] * n_columns for _ in range(n_rows)]
    for index, (row, column, rowspan, colspan) in enumerate(lattice.cells):
        for covered in range(row, row + rowspan):
            owner[covered][column : column + colspan] = [index] * colspan
    held: dict[int, list[Word]] = {}
    # Whatever hangs out of the grid belongs to its outermost cells.
    inner_xs, inner_ys = xs[1:-1], ys[1:-1]
    for word in words:
        box = word.box
        row, column = bisect_right(inner_ys, (box.top + box.bottom) / 2), bisect_right(inner_xs, (box.x0 + box.x1) / 2)
        held.setdefault(owner[row][column], []).append(word)
    cells = []
    for index, (row, column, rowspan, colspan) in enumerate(lattice.cells):
        own = held.get(index)
        parts = (cell_part(own, page, xs[column + colspan] - xs[column]),) if own else ()
        cells.append(Cell(row, column, rowspan, colspan, parts))
    box = Box(xs[0], ys[0], xs[-1], ys[-1])
    return Grid(n_rows, n_columns, tuple(cells), (page,) * n_rows, box, xs, basis)
