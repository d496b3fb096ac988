"""Words and rulings to grids and lines; tables continued over pages joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.layout import captions, cells, columns, edges, joining, lattice, text
from structurer.records import Grid, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from structurer.catalog.lexicon import Lexicon
    from structurer.layout.lattice import Lattice
    from structurer.records import Block, Chunk, Page, Word


def sheet(page: Page) -> Sheet:
    """Return the page laid out: its grids and the lines outside them, top to bottom."""
    blocks = page.blocks or tuple(_blocks(page))
    return Sheet(page.number, page.how, blocks, page.width, page.height, page.reason, upright=page.upright)


def tables(sheets: Iterable[Sheet], lexicon: Lexicon) -> Iterator[Chunk]:
    """Yield the tables of all sheets, joined over pages and with their captions, and the passages between them."""
    return joining.joined((chunk for s in sheets for chunk in captions.sheet_to_chunks(s, lexicon)), lexicon)


def _blocks(page: Page) -> list[Block]:
    ruled = lattices(page)
    within, outside = cells.inside(page.words, ruled)
    grids: list[Grid] = []
    for lat, words in zip(ruled, within, strict=True):
        grid = cells.filled(lat, words, page.number)
        if _is_table(grid):
            grids += columns.divided(grid, lat, words)
        else:
            outside = outside + words
    open_grids, outside = columns.unruled(outside, page, [g.box for g in grids if g.box])
    grids += open_grids
    return _in_order(grids, outside, page.number)


def lattices(page: Page) -> list[Lattice]:
    """Return the lattices that the rulings of a page draw."""
    flat, upright = edges.rulings_to_edges(page.rulings)
    found = (lattice.edges_to_lattice(table) for table in edges.edges_to_tables(flat, upright))
    return [lat for lat in found if lat is not None]


def _is_table(grid: Grid) -> bool:
    """Tell a table from a frame around text and from the lines of a drawing."""
    return len(grid.cells) > 1 and sum(bool(cell.parts) for cell in grid.cells) > 1


def _in_order(grids: list[Grid], outside: list[Word], page: int | None) -> list[Block]:
    """Return grids and lines from top to bottom; grids side by side from left to right."""
    placed: list[tuple[float, float, Block]] = [(g.box.top, g.box.x0, g) for g in grids if g.box]
    placed += [(line.box.top, line.box.x0, line) for line in text.words_to_lines(outside, page) if line.box]
    placed.sort(key=lambda item: (item[0], item[1]))
    return [block for _, _, block in placed]
