"""Edges to cells: the slots between the edges of one table, merged where no edge parts them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.layout.edges import GAP, SNAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.layout.edges import Edge, Edges

    Span = tuple[int, int, int, int]

# A drawing with more slots than this is no table that a person could read.
MOST_SLOTS = 400_000


@dataclass(frozen=True, slots=True)
class Lattice:
    """Cells as (row, column, rowspan, colspan) that tile the slots between `xs` and `ys` (points)."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[Span, ...]


def edges_to_lattice(edges: Edges) -> Lattice | None:
    """Return the tiling that the edges draw, or None if they bound no slot or far too many.

    Sides that are not drawn (open tables, tables cut by the end of the page) are closed where the
    edges of the other direction end.
    """
    xs = _positions([x for x, _, _ in edges.upright], [p for _, x0, x1 in edges.flat for p in (x0, x1)])
    ys = _positions([y for y, _, _ in edges.flat], [p for _, top, bottom in edges.upright for p in (top, bottom)])
    n_columns, n_rows = len(xs) - 1, len(ys) - 1
    if n_columns < 1 or n_rows < 1 or n_columns * n_rows > MOST_SLOTS:
        return None
    walls = _walls(edges.upright, xs, ys)
    floors = _walls(edges.flat, ys, xs)
    return Lattice(tuple(xs), tuple(ys), tuple(tile(n_rows, n_columns, walls, floors)))


def _positions(drawn: Sequence[float], ends: Sequence[float]) -> list[float]:
    """Return the drawn positions, and the outermost ends where they reach beyond what is drawn."""
    positions: list[float] = []
    for position in sorted(drawn):
        if not positions or position - positions[-1] > SNAP:
            positions.append(position)
    if ends:
        low, high = min(ends), max(ends)
        if not positions or low < positions[0] - 2 * GAP:
            positions.insert(0, low)
        if high > positions[-1] + 2 * GAP:
            positions.append(high)
    return positions


def _walls(edges: Sequence[Edge], across: Sequence[float], along: Sequence[float]) -> list[bytearray]:
    """Return for every position of `across` which of the intervals of `along` an edge covers there."""
    walls = [bytearray(len(along) - 1) for _ in across]
    middles = [(low + high) / 2 for low, high in pairwise(along)]
    for position, start, end in edges:
        index = bisect_left(across, position - SNAP)
        if index == len(across) or across[index] > position + SNAP:
            continue
        if index + 1 < len(across) and abs(across[index + 1] - position) < abs(across[index] - position):
            index += 1
        first, last = bisect_left(middles, start), bisect_right(middles, end)
        walls[index][first:last] = b"\x01" * (last - first)
    return walls


def tile(n_rows: int, n_columns: int, walls: list[bytearray], floors: list[bytearray]) -> list[Span]:
    """Return rectangles that cover every slot exactly once, joining slots that nothing parts.

    `walls[x][row]` is set where an edge stands left of column x, `floors[y][column]` where one lies
    above row y. A region that is not a rectangle is cut into rectangles from its top left.
    """
    taken = [bytearray(n_columns) for _ in range(n_rows)]
    cells: list[Span] = []
    for row in range(n_rows):
        line = taken[row]
        column = 0
        while column < n_columns:
            if line[column]:
                column += 1
                continue
            right = column + 1
            while right < n_columns and not walls[right][row] and not line[right]:
                right += 1
            bottom = row + 1
            while bottom < n_rows and not any(taken[bottom][column:right]):
                if not _open(bottom, column, right, walls, floors):
                    break
                bottom += 1
            for covered in range(row, bottom):
                taken[covered][column:right] = b"\x01" * (right - column)
            cells.append((row, column, bottom - row, right - column))
            column = right
    return cells


def _open(row: int, left: int, right: int, walls: list[bytearray], floors: list[bytearray]) -> bool:
    """Tell whether the slots left..right of `row` belong to those above them: no floor, no wall inside."""
    return not any(floors[row][left:right]) and not any(walls[column][row] for column in range(left + 1, right))
