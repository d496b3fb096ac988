"""Tables continued over pages joined into one, each row and each piece of a cell keeping its page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.layout import captions, dumped, stacking
from structurer.records import Cell, Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Chunk, Grid

# Column borders of two pages are the same if they differ by no more than this (points).
_SAME_EDGE = 5.0
# A continuation may bring columns of its own only if this share of the fewer inner borders is common.
_COMMON = 0.5
# A row of fewer cells is no header.
_HEADINGS = 2


def joined(chunks: Iterable[Chunk], lexicon: Lexicon) -> Iterator[Chunk]:
    """Yield each table with its continuations on the pages that follow it; of all chunks only one is held."""
    held: Chunk | None = None
    for following in chunks:
        chunk = following
        if held and held.form is Form.PASSAGE and _adjacent(held, chunk):
            held, chunk = captions.lent(held, chunk, lexicon)
        whole = _joined(held, chunk, lexicon) if held else None
        if held and whole is None:
            yield held
        held = whole or chunk
    if held:
        yield held


def _joined(one: Chunk, two: Chunk, lexicon: Lexicon) -> Chunk | None:
    """Return both as one table, or None if the second does not go on with the first."""
    if one.grid is None or two.grid is None or not _adjacent(one, two) or not _same_title(one, two, lexicon):
        return None
    if dumped.form_goes_on(one, two, lexicon):
        return _with_part(one, two, one.grid, two.grid, lexicon)
    aligned = dumped.aligned(one.grid, two.grid) if dumped.are(one.grid, two.grid) else _aligned(one.grid, two.grid)
    if aligned is None:
        return None
    wide = max(grid.n_columns for grid in aligned)
    upper, lower = (dumped.widened(grid, wide) for grid in aligned)
    repeated = _repeated(upper, lower)
    if not repeated and (_restarts(upper, lower) or one.notes):
        return None
    # A header with nothing below it adds its page and no more.
    if repeated and dumped.cuts_row(lower, repeated, lexicon):
        upper = stacking.with_pieces(upper, captions.rows(lower, repeated, lower.n_rows))
        repeated += 1
    grid = upper
    if repeated < lower.n_rows:
        grid = stacking.stacked(upper, captions.rows(lower, repeated, lower.n_rows), lexicon)
    pages = one.pages + tuple(page for page in two.pages if page not in one.pages)
    return replace(one, pages=pages, grid=grid, notes=one.notes + two.notes)


def _with_part(one: Chunk, two: Chunk, form: Grid, part: Grid, lexicon: Lexicon) -> Chunk:
    """Return the form with the part of it that was cut off below it."""
    wide = max(form.n_columns, part.n_columns)
    grid = stacking.stacked(dumped.widened(form, wide), dumped.widened(part, wide), lexicon)
    pages = one.pages + tuple(page for page in two.pages if page not in one.pages)
    return replace(one, pages=pages, grid=grid, notes=two.notes)


def _adjacent(one: Chunk, two: Chunk) -> bool:
    last, first = one.pages[-1], two.pages[0]
    if last is None or first is None:
        return last is first
    return first == last + 1


def _same_title(one: Chunk, two: Chunk, lexicon: Lexicon) -> bool:
    """Tell whether the second table has no title of its own, nor a department line that differs."""
    if two.title is not None:
        mine, other = (lexicon.without_continuation(c.title.text) if c.title else None for c in (one, two))
        if mine != other:
            return False
    heads, others = ({labels.key(line.text) for line in c.head} for c in (one, two))
    return not heads or not others or bool(heads & others) or two.title is None


def _aligned(one: Grid, two: Grid) -> tuple[Grid, Grid] | None:
    """Return both grids over the same columns, or None if their columns are not those of one table."""
    if not one.edges or not two.edges:
        return (one, two) if one.n_columns == two.n_columns else _by_header(one, two)
    shift = one.edges[0] - two.edges[0]
    moved = [edge + shift for edge in two.edges]
    if abs(moved[-1] - one.edges[-1]) > _SAME_EDGE * 2:
        return None
    union = sorted(one.edges)
    common = 0
    for edge in moved[1:-1]:
        if any(abs(edge - known) <= _SAME_EDGE for known in one.edges):
            common += 1
        else:
            union.append(edge)
    if len(union) > len(one.edges):
        fewer = min(len(one.edges), len(moved)) - 2
        if len(moved) - 2 != common and len(one.edges) - 2 != common and (fewer == 0 or common < _COMMON * fewer):
            return None
        union.sort()
        one = _spread(one, list(one.edges), union)
    return one, _spread(two, moved, union)


def _by_header(one: Grid, two: Grid) -> tuple[Grid, Grid] | None:
    """Return both over the columns of the first, which repeats the header that the second begins with."""
    first = [cell for cell in two.cells if cell.row == 0 and cell.parts]
    keys = _row_keys(two, 0)
    for start in range(one.n_rows if len(keys) >= _HEADINGS else 0):
        if _row_keys(one, start) != keys:
            continue
        known = [cell for cell in one.cells if cell.row == start and cell.parts]
        place = {cell.column: own.column for cell, own in zip(first, known, strict=True)}
        place |= {c.column + c.colspan: own.column + own.colspan for c, own in zip(first, known, strict=True)}
        if set(range(two.n_columns + 1)) <= place.keys() and one.n_columns == place[two.n_columns]:
            return one, _moved(two, [place[column] for column in range(two.n_columns + 1)])
    return None


def _spread(grid: Grid, edges: list[float], union: list[float]) -> Grid:
    """Return the grid over the columns of `union`, each of its own borders moved to the nearest one there."""
    place = [min(range(len(union)), key=lambda i: abs(union[i] - edge)) for edge in edges]
    if len(set(place)) < len(place):
        return grid
    place[0], place[-1] = 0, len(union) - 1
    return replace(_moved(grid, place), edges=tuple(union))


def _moved(grid: Grid, place: Sequence[int]) -> Grid:
    """Return the grid with its column borders at other places, in the same order."""
    moved = tuple(
        Cell(
            cell.row,
            place[cell.column],
            cell.rowspan,
            place[cell.column + cell.colspan] - place[cell.column],
            cell.parts,
        )
        for cell in grid.cells
    )
    return replace(grid, n_columns=place[-1], cells=moved)


def _row_keys(grid: Grid, row: int) -> list[str]:
    return [labels.key(cell.text) for cell in grid.cells if cell.row == row and cell.parts]


def _all_keys(grid: Grid) -> list[list[str]]:
    """Return the keys of the filled cells of each row."""
    keys: list[list[str]] = [[] for _ in range(grid.n_rows)]
    for cell in grid.cells:
        if cell.parts:
            keys[cell.row].append(labels.key(cell.text))
    return keys


def _repeated(one: Grid, two: Grid) -> int:
    """Return how many leading rows of the second grid repeat a header of the first, of the table or in the form."""
    first = _row_keys(two, 0)
    if len(first) < _HEADINGS or any(text.isdecimal() for text in first):
        return 0
    known, other = _all_keys(one), _all_keys(two)
    start = next((row for row, keys in enumerate(known) if keys == first), None)
    if start is None:
        return 0
    count = 0
    while start + count < one.n_rows and count < two.n_rows and known[start + count] == other[count] != []:
        count += 1
    while count and any(cell.row < count < cell.row + cell.rowspan for cell in two.cells):
        count -= 1
    return count


def _restarts(one: Grid, two: Grid) -> bool:
    """Tell whether the second grid begins as the first does: another form of the same kind."""
    mine, other = _row_keys(one, 0), _row_keys(two, 0)
    return bool(mine and other) and mine[0] == other[0]
