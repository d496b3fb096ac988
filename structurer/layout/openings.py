"""Cells of a lattice that hold several rows or columns of figures, parted where rulings are missing."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.layout import aligned, gaps
from structurer.layout.aligned import Tile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.layout.aligned import Row
    from structurer.layout.gaps import Column, Piece
    from structurer.layout.lattice import Lattice, Span
    from structurer.records import Grid, Word

    Lines = list[list[Piece]]
    Slots = dict[Span, list[Column]]

# A cell lacks borders if so many of its lines hold two figures; a row, if so many baselines of figures stand in it.
_LINES, _ROWS = 2, 3
# Texts that stand across a border that the header draws: at most one in this many.
_CROSSING = 8


def lattice_to_grid(lat: Lattice, words: Sequence[Word], page: int | None) -> Grid | None:
    """Return the grid of a lattice with the missing borders put in, or None if none is missing."""
    lines = {span: gaps.words_to_pieces(held) for span, held in _words_to_cells(lat, words).items()}
    slots = _cells_to_slots(lat, lines)
    bands = [_band_to_rows(row, lines, slots) for row in range(len(lat.ys) - 1)]
    if not any(bands) and all(len(own) == 1 for own in slots.values()):
        return None
    xs = tuple(sorted({*lat.xs, *(x for own in slots.values() for slot in own for x in slot)}))
    place = {x: index for index, x in enumerate(xs)}
    starts: list[int] = [0]
    tiles: list[Tile] = []
    for row, band in enumerate(bands):
        columns = [slot for span in lat.cells if span[0] == row and span[2] == 1 for slot in slots[span]]
        levels, own = _rows_to_tiles(band, columns, header=row == 0)
        tiles += [_placed(tile, starts[row], columns, place) for tile in own]
        starts.append(starts[row] + max(levels, 1))
    for span in lat.cells:
        row, _, rowspan, _ = span
        if rowspan > 1 or not bands[row]:
            height = starts[row + rowspan] - starts[row]
            own = [
                Tile(0, c, height, 1, aligned.words_of(held))
                for c, held in enumerate(_sorted(lines[span], slots[span]))
            ]
            tiles += [_placed(tile, starts[row], slots[span], place) for tile in own]
    return aligned.tiles_to_grid(tiles, xs, (lat.ys[0], lat.ys[-1]), page)


def _rows_to_tiles(rows: list[Row], columns: Sequence[Column], *, header: bool) -> tuple[int, list[Tile]]:
    """Return how many rows stand between two rulings, and their cells; the first may be a header's levels."""
    levels = 0
    tiles: list[Tile] = []
    if header and rows:
        rows, headings = aligned.without_header(rows)
        if headings:
            levels, tiles = aligned.header_to_tiles(headings, columns, ())
    for number, row in enumerate(rows):
        tiles += [Tile(levels + number, c, 1, 1, aligned.words_of(held)) for c, held in enumerate(row.pieces)]
    return levels + len(rows), tiles


def _placed(tile: Tile, row: int, columns: Sequence[Column], place: Mapping[float, int]) -> Tile:
    """Return a tile that counts its columns among `columns` as one that counts them among all borders."""
    first, last = place[columns[tile.column][0]], place[columns[tile.column + tile.colspan - 1][1]]
    return Tile(row + tile.row, first, tile.rowspan, last - first, tile.words)


def _words_to_cells(lat: Lattice, words: Sequence[Word]) -> dict[Span, list[Word]]:
    owner: dict[tuple[int, int], Span] = {}
    for span in lat.cells:
        row, column, rowspan, colspan = span
        owner |= {(r, c): span for r in range(row, row + rowspan) for c in range(column, column + colspan)}
    held: dict[Span, list[Word]] = {span: [] for span in lat.cells}
    for word in words:
        x, y = (word.box.x0 + word.box.x1) / 2, (word.box.top + word.box.bottom) / 2
        row = min(max(bisect_right(lat.ys, y) - 1, 0), len(lat.ys) - 2)
        column = min(max(bisect_right(lat.xs, x) - 1, 0), len(lat.xs) - 2)
        held[owner[row, column]].append(word)
    return held


def _cells_to_slots(lat: Lattice, lines: Mapping[Span, Lines]) -> Slots:
    """Return the columns of each cell: one, or several where lines with two figures show that borders are missing."""
    slots = {span: [(lat.xs[span[1]], lat.xs[span[1] + span[3]])] for span in lat.cells}
    for first, last in {(c, c + colspan) for _, c, rowspan, colspan in lat.cells if rowspan == 1}:
        group = [span for span in lat.cells if span[2] == 1 and (span[1], span[1] + span[3]) == (first, last)]
        body = [line for span in group for line in lines[span]]
        if sum(sum(p.figure for p in line) > 1 for line in body) < _LINES:
            continue
        borders = _borders(lat.xs[first : last + 1], body)
        own = list(pairwise(borders))
        if any(_crowded(line, own) for line in body):
            continue
        for span in group:
            if not lines[span] or any(len(line) > 1 or line[0].figure for line in lines[span]):
                slots[span] = own
    return slots


def _borders(xs: Sequence[float], body: Lines) -> tuple[float, ...]:
    """Return the borders between two sides: those that are drawn elsewhere and cross no figure, else amid the gaps."""
    pieces = [p for line in body for p in line]
    inner = []
    for x in xs[1:-1]:
        over = [p for p in pieces if p.x0 + 1 < x < p.x1 - 1]
        if len(over) * _CROSSING <= len(pieces) and not any(p.figure for p in over):
            inner.append(x)
    if inner:
        return (xs[0], *inner, xs[-1])
    columns = gaps.gaps_to_columns([line for line in body if len(line) > 1])
    return (xs[0], *gaps.columns_to_edges(columns, xs[0], xs[-1])[1:-1], xs[-1])


def _crowded(line: Sequence[Piece], slots: Sequence[Column]) -> bool:
    """Tell whether two figures of one line would stand in one slot."""
    figures = [gaps.column_of(p.x0, p.x1, slots) for p in line if p.figure]
    return len(set(figures)) < len(figures)


def _sorted(lines: Lines, slots: Sequence[Column]) -> list[list[Piece]]:
    """Return the pieces of each slot."""
    held: list[list[Piece]] = [[] for _ in slots]
    for line in lines:
        for p in line:
            held[gaps.column_of(p.x0, p.x1, slots)].append(p)
    return held


def _band_to_rows(row: int, lines: Mapping[Span, Lines], slots: Slots) -> list[Row]:
    """Return the rows between two rulings if there are several, else none."""
    held = [own for span in slots if span[0] == row and span[2] == 1 for own in _sorted(lines[span], slots[span])]
    if max((sum(p.figure for p in own) for own in held), default=0) < _ROWS:
        return []
    rows = aligned.baselines_to_rows(held)
    if sum(r.anchored for r in rows) < _ROWS or any(sum(p.figure for p in own) > 1 for r in rows for own in r.pieces):
        return []
    return rows
