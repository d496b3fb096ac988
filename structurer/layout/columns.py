"""Columns and rows from the alignment of text, where rulings are missing."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.layout import aligned, frames, gaps, openings
from structurer.layout.aligned import Row, Tile
from structurer.layout.frames import FEWEST, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.layout.edges import Edge
    from structurer.layout.gaps import Column, Piece
    from structurer.layout.lattice import Lattice
    from structurer.records import Box, Grid, Page, Word

    Line = list[Piece]

# Two figures in the text of one cell: something may be missing between them.
_TWO = re.compile(r"\d[.,，]\d.*?\d[.,，]\d|\d\s+[-−△]?\d", re.DOTALL)
# The levels of one code, printed apart.
_CODE = re.compile(r"\d{3}(?:\s+\d\d){1,2}")
# A lattice without verticals has its two sides only; a table with rules has at least two columns.
_ONE_COLUMN = _FEWEST_RULED = 2
# A heading is centred between those of its columns up to this share of the way from one to the other.
_CENTRED = 0.15


def divided(grid: Grid, lat: Lattice, words: Sequence[Word]) -> list[Grid]:
    """Return the grid with the rows and columns that its rulings leave out, or as it is if none are missing."""
    if not _lacks_borders(grid, words):
        return [grid]
    if len(lat.xs) == _ONE_COLUMN:
        frame = Frame(lat.xs[0], lat.xs[1], lat.ys, ruled=len(lat.ys) >= FEWEST)
        return [frame_to_grid(frame, words, grid.pages[0]) or grid]
    return [openings.lattice_to_grid(lat, words, grid.pages[0]) or grid]


def _lacks_borders(grid: Grid, words: Sequence[Word]) -> bool:
    """Tell whether a cell holds figures on three lines, or two cells hold two figures on one line: a cheap look."""
    figures: list[Word] | None = None
    crowded = 0
    for cell in grid.cells:
        text = cell.parts[0].text if cell.parts else ""
        box = cell.parts[0].box if _TWO.search(text) and not _CODE.fullmatch(text) else None
        if box is None:
            continue
        figures = figures or [word for word in words if gaps.is_figure(word.text)]
        own = [word for word in figures if frames.stands_in(word, box)]
        lines = gaps.words_to_pieces(own) if len(own) > 1 else []
        crowded += sum(len(line) > 1 for line in lines)
        if len(lines) >= FEWEST or crowded > 1:
            return True
    return False


def unruled(words: Sequence[Word], page: Page, taken: Sequence[Box]) -> tuple[list[Grid], list[Word]]:
    """Return the tables among the words outside all ruled grids, and the words that stay text."""
    left = list(words)
    figures = sum(gaps.is_figure(word.text) for word in left)
    if len(left) < FEWEST or (figures < FEWEST and len(page.rulings) < FEWEST):
        return [], left
    groups, short = frames.rulings_to_rules(page.rulings, taken)
    grids: list[Grid] = []
    for group in groups:
        if len(group) > 1:
            left = _take(frames.rules_to_frames(group, short, left), left, page.number, grids)
    if sum(gaps.is_figure(word.text) for word in left) >= 2 * FEWEST:
        full = [edge for group in groups for edge in group]
        left = _take(frames.lines_to_frames(gaps.words_to_pieces(left), full, short), left, page.number, grids)
    return grids, left


def _take(found: Sequence[Frame], words: list[Word], page: int | None, grids: list[Grid]) -> list[Word]:
    """Add the grids of the frames to `grids`; return the words that are in none."""
    for frame in found:
        inside = [word for word in words if frame.holds(word)]
        grid = frame_to_grid(frame, inside, page) if inside else None
        if grid:
            grids.append(grid)
            words = [word for word in words if not frame.holds(word)]
    return words


def frame_to_grid(frame: Frame, words: Sequence[Word], page: int | None) -> Grid | None:
    """Return the grid of a table without lattice, or None if the words inside the frame make none."""
    lines = gaps.words_to_pieces(words)
    spaces = [
        [line for line in lines if top <= line[0].middle < bottom]
        for top, bottom in zip((float("-inf"), *frame.ys[1:-1]), (*frame.ys[1:-1], float("inf")), strict=True)
    ]
    start = next((i for i, space in enumerate(spaces) if any(map(_is_body, space))), None)
    if start is None:
        start = next((i for i, space in enumerate(spaces) if _pairs(space)), None) if frame.ruled else None
        if start is None:
            return _blank_table(frame, spaces, page)
    while start > 1 and sum(map(len, spaces[start - 1])) <= 1:
        start -= 1  # a section's name, or a blank row, under the header
    head = [line for space in spaces[:start] for line in space]
    body = [line for space in spaces[start:] for line in space]
    if not head:
        first = next(i for i, line in enumerate(body) if _is_body(line) or _pairs([line]))
        head, body = body[:first], body[first:]
    numbers = [line for line in head if _numbers_columns(line)]
    head = [line for line in head if not _numbers_columns(line)]
    columns = gaps.gaps_to_columns(body)
    head = [gaps.cut_at_columns(line, columns) for line in head]
    columns = _with_headings(columns, head, body, frame.short)
    if len(columns) < (_FEWEST_RULED if frame.ruled else FEWEST):
        return None
    rows = _rows(spaces[start:], columns)
    headings = [p for line in head for p in line]
    if start == 0:
        rows, headings = aligned.without_header(rows)
        headings = gaps.cut_at_columns(headings, columns)
    if not _convinces(rows, frame):
        return None
    return _grid(frame, columns, [*(_one_row(line, columns) for line in numbers), *rows], headings, page)


def _one_row(line: Line, columns: Sequence[Column]) -> Row:
    held: list[list[Piece]] = [[] for _ in columns]
    for p in line:
        held[gaps.column_of(p.x0, p.x1, columns)].append(p)
    return Row(line[0].middle, anchored=False, pieces=tuple(map(tuple, held)))


def _is_body(line: Line) -> bool:
    """Tell a row of the body from a heading, and from the row under it that numbers the columns 1, 2, 3."""
    return frames.is_row(line) and not _numbers_columns(line)


def _numbers_columns(line: Line) -> bool:
    numbers = [p.words[0].text for p in line if p.figure]
    if len(numbers) < FEWEST or len(numbers) + 1 < len(line) or not all(map(str.isdecimal, numbers)):
        return False
    return all(int(right) == int(left) + 1 for left, right in pairwise(numbers))


def _pairs(lines: Sequence[Line]) -> bool:
    """Tell whether a line has a text and a figure: a row of a table of two columns."""
    return any(len(line) > 1 and any(p.figure for p in line) for line in lines)


def _blank_table(frame: Frame, spaces: Sequence[Sequence[Line]], page: int | None) -> Grid | None:
    """Return the table that is a header over blank rows."""
    head = spaces[0]
    if not frame.ruled or any(spaces[1:]) or max(map(len, head), default=0) < FEWEST:
        return None
    own = [[p for p in line if not aligned.spanner_rule(p, frame.short)] for line in head]
    columns = gaps.gaps_to_columns(own)
    rows = [Row(0.0, anchored=False, pieces=tuple(() for _ in columns)) for _ in spaces[1:]]
    return _grid(frame, columns, rows, [p for line in head for p in line], page)


def _rows(spaces: Sequence[Sequence[Line]], columns: Sequence[Column]) -> list[Row]:
    """Return the rows between the rules: one where every space holds one, else by their baselines."""
    rows: list[Row] = []
    for space in spaces:
        held: list[list[Piece]] = [[] for _ in columns]
        for line in space:
            for p in line:
                held[gaps.column_of(p.x0, p.x1, columns)].append(p)
        own = aligned.baselines_to_rows(held)
        if len(spaces) >= FEWEST and sum(row.anchored for row in own) <= 1:
            own = [Row(0.0, anchored=any(row.anchored for row in own), pieces=tuple(map(tuple, held)))]
        rows += own
    return rows


def _convinces(rows: Sequence[Row], frame: Frame) -> bool:
    """Tell whether rows are those of a table: enough of them, and no two figures in one cell."""
    if any(sum(p.figure for p in column) > 1 for row in rows for column in row.pieces):
        return False
    anchored = [row for row in rows if row.anchored]
    return len(anchored) >= (1 if frame.ruled else FEWEST)


def _with_headings(
    columns: Sequence[Column], head: Sequence[Line], body: Sequence[Line], short: Sequence[Edge]
) -> list[Column]:
    """Return the columns as wide as their headings, those that are blank below their heading among them."""
    pieces = sorted((p for line in head for p in line), key=lambda p: -p.middle)
    spans = [(x0, x1, False) for x0, x1 in columns]
    for p in pieces:
        if aligned.spanner_rule(p, short) or (not short and _is_amid(p, pieces)):
            continue
        over = [i for i, (x0, x1, _) in enumerate(spans) if min(p.x1, x1) - max(p.x0, x0) > gaps.TOUCH]
        if not over:
            spans = sorted([*spans, (p.x0, p.x1, True)])
        elif len(over) == 1:
            x0, x1, _ = spans[over[0]]
            spans[over[0]] = min(x0, p.x0), max(x1, p.x1), True
    joined = spans[:1]
    for x0, x1, headed in spans[1:]:
        left = joined[-1]
        if left[2] != headed and _are_one(left[:2], (x0, x1), body):
            joined[-1] = left[0], x1, True
        else:
            joined.append((x0, x1, headed))
    return [(x0, x1) for x0, x1, _ in joined]


def _are_one(left: Column, right: Column, body: Sequence[Line]) -> bool:
    """Tell whether two columns, one with a heading, are one: no line has text in both, nor both have figures."""
    in_left, in_right = (
        [[p for p in line if x0 - 1 <= p.x0 and p.x1 <= x1 + 1] for line in body] for x0, x1 in (left, right)
    )
    both = any(one and other for one, other in zip(in_left, in_right, strict=True))
    return not both and not (frames.has_figures(in_left) and frames.has_figures(in_right))


def _is_amid(p: Piece, pieces: Sequence[Piece]) -> bool:
    """Tell whether a heading is centred between two that stand below it: it spans their columns."""
    middle = (p.x0 + p.x1) / 2
    below = [(q.x0 + q.x1) / 2 for q in pieces if q.top >= p.bottom - 0.3 * (p.bottom - p.top)]
    left, right = (
        max((x for x in below if x < middle), default=None),
        min((x for x in below if x > middle), default=None),
    )
    return left is not None and right is not None and abs((left + right) / 2 - middle) <= _CENTRED * (right - left)


def _grid(
    frame: Frame, columns: Sequence[Column], rows: Sequence[Row], headings: Sequence[Piece], page: int | None
) -> Grid:
    levels, tiles = aligned.header_to_tiles(headings, columns, frame.short) if headings else (0, [])
    for index, row in enumerate(rows):
        tiles += [Tile(levels + index, column, 1, 1, aligned.words_of(held)) for column, held in enumerate(row.pieces)]
    edges = gaps.columns_to_edges(columns, frame.x0, frame.x1)
    return aligned.tiles_to_grid(tiles, edges, (frame.ys[0], frame.ys[-1]), page)
