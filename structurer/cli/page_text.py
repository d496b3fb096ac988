"""A view of a page in lines of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from structurer import ground
from structurer.extract import cards
from structurer.records import Grid, How, Leaf
from structurer.report import printable, ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from structurer.cli.page_view import View
    from structurer.extract.choice import Choice
    from structurer.layout.lattice import Lattice
    from structurer.records import Chunk, Line, Matrix, Page, Word

_LONGEST = 100
# Sizes that differ by less than this share differ by the rounding of pixels.
_SAME_SIZE = 0.01
_NO_FIELD = "(no field)"


def lines(view: View) -> Iterator[Text]:
    """Yield what the page was taken for, from the ink to the tables."""
    for line in _plain(view):
        yield Text(line)


def _plain(view: View) -> Iterator[str]:
    page = view.page
    size = f"{page.width:.0f} x {page.height:.0f} pt, " if page.width else ""
    place = f"page {page.number}" if page.number is not None else "no page numbers"
    reason = f" ({printable(page.reason)})" if page.reason else ""
    yield f"{printable(view.name)}, {place}: {size}{page.how.value}{reason}, {_ink(view)}"
    yield from _recognised(page)
    for number, lattice in enumerate(view.lattices, 1):
        yield from _lattice(number, lattice, view.grids)
    yield "blocks from top to bottom:" if view.sheet.blocks else "no blocks"
    yield from _blocks(view)
    for chunk, chosen in view.tables:
        yield from _table(chunk, chosen, view)


def _ink(view: View) -> str:
    if view.page.blocks:
        return f"{len(view.page.blocks)} blocks as the file gives them"
    return f"{len(view.page.words)} words, {len(view.page.rulings)} rulings"


def _recognised(page: Page) -> Iterator[str]:
    """Yield how a page was turned to be recognised, and the words that are in doubt."""
    if page.how is not How.OCR:
        return
    if page.upright:
        yield f"x and y are those of the page as it was recognised: {_turned(page.upright)}"
    doubted = [word for word in page.words if ground.unsure(word)]
    yield f"{len(doubted)} of {len(page.words)} words recognised with doubt" + (":" if doubted else "")
    for word in doubted:
        said = f"confidence {word.confidence:.2f}" + (f", the second time {_again(word)}" if word.other else "")
        yield f"  y {word.box.top:6.1f}  x {word.box.x0:6.1f}  {printable(word.text, _LONGEST)}: {said}"


def _again(word: Word) -> str:
    return "alike" if ground.same(word.text, word.other) else printable(word.other, _LONGEST)


def _turned(upright: Matrix) -> str:
    """Return in words what undoes a turn."""
    angle, size = -math.degrees(math.atan2(upright.b, upright.a)), math.hypot(upright.a, upright.b)
    way = "clockwise" if angle >= 0 else "anticlockwise"
    scaled = "" if math.isclose(size, 1, rel_tol=_SAME_SIZE) else f", made {size:.2f} times smaller"
    return f"turned {way} by {abs(angle):.1f} degrees{scaled}"


def _lattice(number: int, lattice: Lattice, grids: Sequence[Grid]) -> Iterator[str]:
    merged = sum(rowspan > 1 or colspan > 1 for _, _, rowspan, colspan in lattice.cells)
    size = f"{len(lattice.ys) - 1} rows x {len(lattice.xs) - 1} columns"
    box = (lattice.xs[0], lattice.ys[0], lattice.xs[-1], lattice.ys[-1])
    inside = any(grid.box is not None and _overlap((grid.box.x0, grid.box.top), box) for grid in grids)
    yield f"lattice {number}: {size}, {len(lattice.cells)} cells, {merged} merged" + ("" if inside else ", no table")
    yield f"  x {_numbers(lattice.xs)}"
    yield f"  y {_numbers(lattice.ys)}"


def _overlap(corner: tuple[float, float], box: tuple[float, float, float, float]) -> bool:
    """Tell whether a grid begins inside a lattice (a point of play: borders are drawn with width)."""
    return box[0] - 1 <= corner[0] < box[2] and box[1] - 1 <= corner[1] < box[3]


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values)


def _blocks(view: View) -> Iterator[str]:
    number = 0
    for block in view.sheet.blocks:
        top = f"y {block.box.top:6.1f}  " if block.box is not None else ""
        if isinstance(block, Grid):
            number += 1
            yield f"  {top}grid {number}: {block.n_rows} rows x {block.n_columns} columns, {block.basis}"
        else:
            yield f"  {top}{_line(block, view)}"


def _line(line: Line, view: View) -> str:
    size = f" {line.size:.1f} pt" if line.size else ""
    return f"{view.roles.get(line, 'page number')}{size}: {printable(line.text, _LONGEST)}"


def _table(chunk: Chunk, chosen: Choice, view: View) -> Iterator[str]:
    grid, head = chunk.grid, chosen.mapped.header
    if grid is None:
        return
    kind = f"{chosen.kind.name} ({chosen.kind.form})" if chosen.kind else "unknown"
    place = f", p.{ranges(chunk.pages)}" if ranges(chunk.pages) else ""
    yield f"table taken for {kind}{place}: {grid.n_rows} rows x {grid.n_columns} columns, {grid.basis}"
    yield f"  title: {printable(chunk.title.text, _LONGEST) if chunk.title else '(none)'}"
    if chosen.form is not None:
        yield f"  {len(chosen.form.labels)} labels, {len(chosen.form.known)} of them known to the kind"
        yield from _labels(chunk, chosen, view)
        return
    yield f"  header rows: {head.body}, columns: {len(head.columns)}, understood: {chosen.mapped.share:.0%}"
    for column, field in zip(head.columns, chosen.mapped.fields, strict=True):
        slots = f"{column.start}" if column.end - column.start == 1 else f"{column.start}-{column.end - 1}"
        heading = printable("/".join(column.headings), _LONGEST) or "(no heading)"
        yield f"  column {slots}: {heading} → {field.name if field else _NO_FIELD}"


def _labels(chunk: Chunk, chosen: Choice, view: View) -> Iterator[str]:
    """Yield the labels of a card with the fields their values went to."""
    if chosen.kind is None or chosen.form is None or chosen.picked is None:
        return
    found = cards.record(chunk, chosen.kind, chosen.form, chosen.picked, view.catalog)["labels"]
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict) and isinstance(label := item["label"], Leaf):
            yield f"  label {printable(label.value, _LONGEST)} → {item['field'] or _NO_FIELD}"
