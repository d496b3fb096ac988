"""A page as a picture, with what was found on it drawn over: for the day a new layout is misread.

Grey: words; orange: those recognised with doubt. Red: rulings. Blue: cells with their row and column, merged ones
filled. Green: captions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymupdf

from structurer.records import Box, Grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.layout.lattice import Lattice
    from structurer.records import Cell, Line, Page, Picture, Ruling, Word

_GREY, _RED, _BLUE, _GREEN, _WHITE = (0.5, 0.5, 0.5), (0.85, 0.0, 0.0), (0.1, 0.25, 0.85), (0.0, 0.5, 0.15), (1, 1, 1)
_ORANGE = (0.95, 0.5, 0.0)
# Pixels a point: enough to read labels of 4 points; a page larger than A3 gets fewer.
_ZOOM, _MOST_PIXELS = 2.5, 4000
# How much the printed page is bleached, so that what is drawn over it stands out.
_BLEACH = 0.3
# Cells are drawn this much inside their borders (points), so that neighbours can be told apart.
_INSET = 0.9
_LABEL = 4.2
# A grid comes from a lattice if their frames differ by no more than this (points).
_SAME = 1.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn over a page."""

    page: Page
    grids: tuple[Grid, ...]
    lattices: tuple[Lattice, ...]
    captions: tuple[tuple[str, Line], ...]
    """Lines that belong to a table, with what they are: title, head, note."""
    doubted: frozenset[Word] = frozenset()
    """Words that were recognised with doubt."""


def zoom(page: Page) -> float:
    """Return how many pixels a point of a page gets."""
    return min(_ZOOM, _MOST_PIXELS / max(page.width, page.height))


def png(drawing: Drawing, under: Picture | None = None) -> bytes:
    """Return the picture of the page, with what is printed on it under what was found."""
    page = drawing.page
    with pymupdf.open() as sheet:
        canvas = sheet.new_page(width=page.width, height=page.height)
        if under is not None:
            pixels = pymupdf.Pixmap(pymupdf.csRGB, under.width, under.height, under.pixels, False)
            canvas.insert_image(canvas.rect, pixmap=pixels, keep_proportion=False)
        _fill(canvas, Box(0, 0, page.width, page.height), _WHITE, _BLEACH)
        _draw(canvas, drawing)
        matrix = pymupdf.Matrix(zoom(page), zoom(page))
        picture: bytes = canvas.get_pixmap(matrix=matrix, alpha=False).tobytes("png")
        return picture


def _draw(canvas: pymupdf.Page, drawing: Drawing) -> None:
    _words(canvas, [word for word in drawing.page.words if word not in drawing.doubted], _GREY, 0.16)
    _words(canvas, [*drawing.doubted], _ORANGE, 0.3)
    _rulings(canvas, drawing.page.rulings)
    for number, grid in enumerate(drawing.grids, 1):
        _grid(canvas, number, grid, drawing.lattices)
    for role, line in drawing.captions:
        if line.box is not None:
            _frame(canvas, line.box, _GREEN, 0.8)
            _label(canvas, pymupdf.Point(line.box.x0, line.box.top - 1), role, _GREEN)


def _words(canvas: pymupdf.Page, words: Sequence[Word], color: tuple[float, float, float], opacity: float) -> None:
    shape = canvas.new_shape()
    for word in words:
        shape.draw_rect(_rect(word.box))
    if words:
        shape.finish(color=color, fill=color, width=0.25, fill_opacity=opacity, stroke_opacity=0.6)
    shape.commit()


def _rulings(canvas: pymupdf.Page, rulings: Sequence[Ruling]) -> None:
    shape = canvas.new_shape()
    for ruling in rulings:
        shape.draw_line(pymupdf.Point(ruling.x0, ruling.top), pymupdf.Point(ruling.x1, ruling.bottom))
    if rulings:
        shape.finish(color=_RED, width=0.9, stroke_opacity=0.75)
    shape.commit()


def _grid(canvas: pymupdf.Page, number: int, grid: Grid, lattices: Sequence[Lattice]) -> None:
    if grid.box is not None:
        _frame(canvas, grid.box, _BLUE, 1.1)
        name = f"grid {number}: {grid.n_rows} x {grid.n_columns} {grid.basis}"
        _label(canvas, pymupdf.Point(grid.box.x0, grid.box.bottom + _LABEL + 2), name, _BLUE)
        for x in grid.edges[1:-1] if grid.basis != "ruled" else ():
            canvas.draw_line((x, grid.box.top), (x, grid.box.bottom), color=_BLUE, width=0.6, dashes="[3 2]")
    for cell, box in _cells(grid, lattices):
        inner = Box(box.x0 + _INSET, box.top + _INSET, box.x1 - _INSET, box.bottom - _INSET)
        if inner.x1 <= inner.x0 or inner.bottom <= inner.top:
            continue
        if cell.rowspan > 1 or cell.colspan > 1:
            _fill(canvas, inner, _BLUE, 0.13)
        _frame(canvas, inner, _BLUE, 0.35)
        label = f"{cell.row},{cell.column}"
        size = min(_LABEL, 0.9 * (inner.bottom - inner.top))
        _label(canvas, pymupdf.Point(inner.x0 + 0.4, inner.top + 0.82 * size), label, _BLUE, size)


def _cells(grid: Grid, lattices: Sequence[Lattice]) -> Iterator[tuple[Cell, Box]]:
    """Yield the cells of a grid with their place; that of a row without rulings is where its words stand."""
    ys = _row_borders(grid, lattices)
    for cell in grid.cells:
        first = cell.parts[0].box if cell.parts else None
        if ys and grid.edges:
            x0, x1 = grid.edges[cell.column], grid.edges[cell.column + cell.colspan]
            yield cell, Box(x0, ys[cell.row], x1, ys[cell.row + cell.rowspan])
        elif first is not None:
            yield cell, first


def _row_borders(grid: Grid, lattices: Sequence[Lattice]) -> Sequence[float]:
    """Return the y of the row borders, from the lattice the grid was made of; none if there is no such."""
    for lattice in lattices:
        if len(lattice.ys) == grid.n_rows + 1 and grid.box is not None:
            frame = (lattice.ys[0] - grid.box.top, lattice.ys[-1] - grid.box.bottom)
            if max(map(abs, frame)) <= _SAME and lattice.xs[0] - _SAME <= grid.box.x0 <= lattice.xs[-1]:
                return lattice.ys
    return ()


def _rect(box: Box) -> pymupdf.Rect:
    return pymupdf.Rect(box.x0, box.top, box.x1, box.bottom)


def _frame(canvas: pymupdf.Page, box: Box, color: tuple[float, float, float], width: float) -> None:
    canvas.draw_rect(_rect(box), color=color, width=width)


def _fill(canvas: pymupdf.Page, box: Box, color: tuple[float, float, float], opacity: float) -> None:
    canvas.draw_rect(_rect(box), color=None, fill=color, width=0, fill_opacity=opacity)


def _label(
    canvas: pymupdf.Page, at: pymupdf.Point, text: str, color: tuple[float, float, float], size: float = _LABEL + 1
) -> None:
    """Write a label on white, that print below it does not blur it."""
    width = pymupdf.get_text_length(text, "helv", size)
    back = Box(at.x - 0.3, at.y - 0.8 * size, at.x + width + 0.3, at.y + 0.2 * size)
    _fill(canvas, back, _WHITE, 0.6)
    canvas.insert_text(at, text, fontname="helv", fontsize=size, color=color)
