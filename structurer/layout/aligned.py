"""Pieces in known columns to rows, to the levels of a header, and to the cells of a grid."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer.layout import shared
from structurer.layout.gaps import column_of, columns_to_edges
from structurer.layout.text import cell_part
from structurer.records import Box, Cell, Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.layout.edges import Edge
    from structurer.layout.gaps import Column, Piece
    from structurer.records import Word

    Block = tuple[float | None, list[Piece]]

# Two baselines are one, and a wrapped text is centred on a baseline, up to this share of the height.
_LEVEL = 0.45
# Lines of one wrapped text stand at most this far apart, middle to middle, in shares of their height.
_LEADING = 1.75
# They stand closer to one another than to the lines around them, by this factor; else they are rows.
_CLOSER = 1.08
# Lines that hang from a baseline stand at most this far apart, in shares of their height.
_TIGHT = 1.25
# No cell of a table without row rules wraps into more lines than this.
_MOST_LINES = 8
# A text that hangs from its row's baseline costs this much; a line that is a row of its own costs 1.
_HANGING = 0.4
# Of two ways to take lines as wrapped texts, that with the lines closer together is better, by this much.
_LOOSE = 0.1
# Header lines with less than this between them are one wrapped text (share of their height).
_WRAPPED = 0.15
# A spanner is centred over its columns up to this share of a column's width.
_CENTRED = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """The pieces of one table row, by column; `anchored` on the baseline of a figure or code."""

    middle: float
    anchored: bool
    pieces: tuple[tuple[Piece, ...], ...]

    @property
    def top(self) -> float:
        """The y of its highest piece."""
        return min(p.top for column in self.pieces for p in column)

    @property
    def bottom(self) -> float:
        """The y of its lowest piece."""
        return max(p.bottom for column in self.pieces for p in column)


@dataclass(frozen=True, slots=True)
class Tile:
    """A cell to be: its span and the words in it."""

    row: int
    column: int
    rowspan: int
    colspan: int
    words: tuple[Word, ...]


def baselines_to_rows(held: Sequence[Sequence[Piece]]) -> list[Row]:
    """Return the rows that the pieces of each column stand in, top to bottom.

    A row starts where a figure has its baseline; a wrapped text belongs to the row whose
    baseline it is centred on or hangs from; a line that does neither is a row of its own.
    """
    marks = [p for column in held if 2 * sum(q.figure for q in column) >= len(column) for p in column if p.figure]
    anchors = _levels([(p.middle, p.bottom - p.top) for p in marks])
    blocks = [[*_column_to_blocks(column, anchors)] for column in held]
    middles = _levels(
        [(_middle(lines), lines[0].bottom - lines[0].top) for column in blocks for at, lines in column if at is None],
    )
    rows: dict[float, list[list[Piece]]] = {}
    for index, column in enumerate(blocks):
        for at, lines in column:
            key = at if at is not None else _nearest(_middle(lines), middles)
            rows.setdefault(key, [[] for _ in held])[index] += lines
    known = set(anchors)
    return [Row(key, key in known, tuple(map(tuple, rows[key]))) for key in sorted(rows)]


def _middle(lines: Sequence[Piece]) -> float:
    return (min(p.top for p in lines) + max(p.bottom for p in lines)) / 2


def _levels(marks: list[tuple[float, float]]) -> list[float]:
    """Return the common positions of middles, each with the height of its piece."""
    levels: list[float] = []
    for middle, height in sorted(marks):
        if not levels or middle - levels[-1] > _LEVEL * height:
            levels.append(middle)
    return levels


def _nearest(at: float, levels: Sequence[float]) -> float:
    index = bisect_left(levels, at)
    return min(levels[max(index - 1, 0) : index + 1], key=lambda level: abs(level - at))


def _column_to_blocks(column: Sequence[Piece], anchors: list[float]) -> list[Block]:
    """Cut the lines of one column into blocks, each with its anchor, so that the fewest lines stand alone."""
    lines: list[list[Piece]] = []
    for item in sorted(column, key=lambda p: p.middle):
        if lines and item.middle - lines[-1][0].middle <= _LEVEL * (item.bottom - item.top):
            lines[-1].append(item)
        else:
            lines.append([item])
    for line in lines:
        line.sort(key=lambda p: p.x0)
    best: list[tuple[float, int, float | None]] = [(0.0, len(lines), None)] * (len(lines) + 1)
    for start in range(len(lines) - 1, -1, -1):
        options: list[tuple[float, int, float | None]] = [(1 + best[start + 1][0], start + 1, None)]
        for stop in range(start + 1, min(len(lines), start + _MOST_LINES) + 1):
            if not _one_text(lines[start:stop]):
                break
            apart = stop == start + 1 or _apart(lines, start, stop)
            cost, at = _fit(lines[start:stop], anchors, apart=apart)
            if at is not None:
                options.append((cost + best[stop][0], stop, at))
        best[start] = min(options, key=lambda option: option[0])
    blocks: list[Block] = []
    start = 0
    while start < len(lines):
        _, stop, at = best[start]
        blocks.append((at, [p for line in lines[start:stop] for p in line]))
        start = stop
    return blocks


def _one_text(lines: Sequence[Sequence[Piece]]) -> bool:
    """Tell whether lines may be one cell: close to one another, with one figure at most."""
    if not lines[1:]:
        return True
    last = lines[-1][0]
    near = last.middle - lines[-2][0].middle <= _LEADING * (last.bottom - last.top)
    return near and sum(p.figure for line in lines for p in line) <= 1


def _apart(lines: Sequence[Sequence[Piece]], start: int, stop: int) -> bool:
    """Tell whether lines stand closer to one another than to the lines before and after them."""
    own = (lines[stop - 1][0].middle - lines[start][0].middle) / max(stop - start - 1, 1)
    before = start == 0 or lines[start][0].middle - lines[start - 1][0].middle > _CLOSER * own
    after = stop == len(lines) or lines[stop][0].middle - lines[stop - 1][0].middle > _CLOSER * own
    return before and after


def _fit(lines: Sequence[Sequence[Piece]], anchors: list[float], *, apart: bool) -> tuple[float, float | None]:
    """Return what it costs to take the lines as one text of a row, and the row's anchor."""
    if not anchors:
        return 0.0, None
    first, last = lines[0][0], lines[-1][0]
    height = first.bottom - first.top
    slack = _LEVEL * height
    inside = bisect_right(anchors, last.middle + slack) - bisect_left(anchors, first.middle - slack)
    if inside > 1:
        return 0.0, None
    centre, more = (first.middle + last.middle) / 2, len(lines) - 1
    at = _nearest(centre, anchors)
    # Where the baseline falls between two lines, these are surely one text.
    if abs(at - centre) <= slack and (apart or more == 1):
        loose = max((last.middle - first.middle) / more / height - 1, 0.0) if more else 0.0
        return abs(at - centre) / height + _LOOSE * loose * more, at
    at = _nearest(first.middle, anchors)
    if abs(at - first.middle) <= slack and apart and last.middle - first.middle <= _TIGHT * height * more:
        return _HANGING * more, at
    return 0.0, None


def without_header(rows: list[Row]) -> tuple[list[Row], list[Piece]]:
    """Part the rows from the header above them: what stands above the first row with a figure.

    A lone text just above that row, apart from what is above it, is a row.
    """
    first = next((i for i, row in enumerate(rows) if row.anchored), 0)
    while first > 1 and sum(map(len, rows[first - 1].pieces)) == 1:
        lower = rows[first - 1]
        column = next(i for i, held in enumerate(lower.pieces) if held)
        above = [p.bottom for row in rows[: first - 1] for p in row.pieces[column]]
        if not above or lower.top - max(above) < _WRAPPED * (lower.bottom - lower.top):
            break
        first -= 1
    return rows[first:], [p for row in rows[:first] for column in row.pieces for p in column]


def header_to_tiles(
    pieces: Sequence[Piece], columns: Sequence[Column], rules: Sequence[Edge]
) -> tuple[int, list[Tile]]:
    """Return how many levels a header has, and its cells.

    A text over a short rule spans the columns under that rule; without such rules, a text amid
    the columns whose own headings stand below it spans those.
    """
    own: list[list[Piece]] = [[] for _ in columns]
    spanning: dict[tuple[int, int], list[Piece]] = {}
    ordered = sorted(pieces, key=lambda p: (p.top, p.x0))
    spans = [_under(item, columns, rules) if rules else _amid(item, columns, pieces) for item in ordered]
    for item, span in zip(ordered, shared.parted(ordered, spans, columns), strict=True):
        if span is None:
            own[column_of(item.x0, item.x1, columns)].append(item)
        else:
            spanning.setdefault(span, []).append(item)
    for span in [s for s in spanning if any(t[0] < s[0] <= t[1] < s[1] for t in spanning)]:
        for item in spanning.pop(span):
            own[column_of(item.x0, item.x1, columns)].append(item)
    depth = {span: sum(t[0] <= span[0] and span[1] <= t[1] and t != span for t in spanning) for span in spanning}
    above = [sum(first <= column <= last for first, last in spanning) for column in range(len(columns))]
    levels = max(above) + 1
    tiles = [Tile(depth[s], s[0], 1, s[1] - s[0] + 1, words_of(held)) for s, held in spanning.items()]
    tiles += [Tile(above[c], c, levels - above[c], 1, words_of(held)) for c, held in enumerate(own)]
    return levels, tiles


def words_of(pieces: Sequence[Piece]) -> tuple[Word, ...]:
    """Return the words of the pieces in order."""
    return tuple(word for p in pieces for word in p.words)


def spanner_rule(item: Piece, rules: Sequence[Edge]) -> Edge | None:
    """Return the short rule that a text of the header stands on."""
    middle = (item.x0 + item.x1) / 2
    below = [rule for rule in rules if rule[0] > item.middle and rule[1] <= middle <= rule[2]]
    return min(below, default=None)


def _under(item: Piece, columns: Sequence[Column], rules: Sequence[Edge]) -> tuple[int, int] | None:
    rule = spanner_rule(item, rules)
    if rule is None:
        return None
    inside = [i for i, (x0, x1) in enumerate(columns) if rule[1] - 2 <= (x0 + x1) / 2 <= rule[2] + 2]
    return (inside[0], inside[-1]) if len(inside) > 1 else None


def _amid(item: Piece, columns: Sequence[Column], pieces: Sequence[Piece]) -> tuple[int, int] | None:
    """Return the columns that a text is centred over, if their own headings stand below it and none beside it."""
    height, middle = item.bottom - item.top, (item.x0 + item.x1) / 2
    own: dict[int, list[Piece]] = {}
    for other in pieces:
        if other is not item:
            own.setdefault(column_of(other.x0, other.x1, columns), []).append(other)
    below: set[int] = set()
    for column, held in own.items():
        if any(p.x0 <= middle <= p.x1 and item.top < p.top < item.bottom + _WRAPPED * height for p in held):
            return None
        under = [p for p in held if p.top >= item.bottom - _LEVEL * height]
        # What stands as high as the heading of the first column stands beside all levels.
        whole = len(under) == len(held) and abs(_middle(held) - _middle(own.get(0, held))) < _LEVEL * height
        if under and not whole and not any(p.bottom > item.top for p in held if p not in under):
            below.add(column)
    return _centred_group(middle, columns, below)


def _centred_group(middle: float, columns: Sequence[Column], below: set[int]) -> tuple[int, int] | None:
    """Return the first and last of adjacent columns among `below` that are best centred on `middle`."""
    edges = columns_to_edges(columns, columns[0][0], columns[-1][1])
    best: tuple[float, int, int] | None = None
    for first in below:
        last = first
        while last + 1 in below:
            last += 1
            off = abs((edges[first] + edges[last + 1]) / 2 - middle)
            wide = (edges[last + 1] - edges[first]) / (last - first + 1)
            if off < _CENTRED * wide and (best is None or off < best[0]):
                best = off, first, last
    return best and best[1:]


def tiles_to_grid(tiles: Sequence[Tile], edges: tuple[float, ...], span: tuple[float, float], page: int | None) -> Grid:
    """Return the grid of the tiles between the column borders, from the first y of `span` to the second."""
    cells = []
    for tile in sorted(tiles, key=lambda t: (t.row, t.column)):
        width = edges[tile.column + tile.colspan] - edges[tile.column]
        parts = (cell_part(tile.words, page, width),) if tile.words else ()
        cells.append(Cell(tile.row, tile.column, tile.rowspan, tile.colspan, parts))
    n_rows = max(tile.row + tile.rowspan for tile in tiles)
    box = Box(edges[0], span[0], edges[-1], span[1])
    return Grid(n_rows, len(edges) - 1, tuple(cells), (page,) * n_rows, box, edges, "aligned")
