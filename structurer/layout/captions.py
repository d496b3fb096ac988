"""The lines around a grid: its title, the unit and department lines above it, the notes below it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Box, Cell, Chunk, Form, Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Sheet

# A title is not longer than this; what is longer is running text (characters).
_LONGEST_TITLE = 80
# This many lines above a grid may belong to it.
_MOST_LINES = 8
# A line is centred over the grid if its middle is off by at most this share of the grid's width.
_CENTRED = 0.12
# Lines of one wrapped title stand this close: gap in shares of their height.
_TITLE_GAP = 1.2
# Their sizes differ by no more than this (points).
_SAME_SIZE = 0.6
# Pages whose lines have places.
_DRAWN = frozenset({How.TEXT, How.OCR})


def sheet_to_chunks(sheet: Sheet, lexicon: Lexicon) -> list[Chunk]:
    """Cut one sheet into its tables, with the lines that belong to them, and the passages between them."""
    chunks: list[Chunk] = []
    pending: list[Line] = []
    for block in _without_page_number(sheet, lexicon):
        if isinstance(block, Line):
            pending.append(block)
            continue
        grid, inner_title, inner_head, inner_notes = _own_captions(block, lexicon)
        pending = _take_notes(chunks, pending, lexicon)
        rest, title, head = _above(pending, block, lexicon)
        if rest:
            chunks.append(_passage(rest, sheet))
        if inner_title and title:
            head = (title, *head)
        chunks.append(
            Chunk(
                Form.TABLE,
                (sheet.number,),
                grid,
                inner_title or title,
                head + inner_head,
                inner_notes,
            )
        )
        pending = []
    pending = _take_notes(chunks, pending, lexicon)
    if pending:
        chunks.append(_passage(pending, sheet))
    return chunks


def _passage(lines: Sequence[Line], sheet: Sheet) -> Chunk:
    return Chunk(Form.PASSAGE, (sheet.number,), lines=tuple(lines))


def _without_page_number(sheet: Sheet, lexicon: Lexicon) -> list[Line | Grid]:
    """Return the blocks without the page number at the top or bottom of a page that has coordinates."""
    blocks = list(sheet.blocks)
    if sheet.how in _DRAWN:
        for end in (-1, 0):
            line = blocks[end] if blocks else None
            if isinstance(line, Line) and lexicon.is_page_number(labels.plain(line.text)):
                blocks.pop(end)
    return blocks


def _above(pending: list[Line], grid: Grid, lexicon: Lexicon) -> tuple[list[Line], Line | None, tuple[Line, ...]]:
    """Split the lines before a grid into those of the text, its title, and its department and unit lines."""
    head: list[Line] = []
    index = len(pending)
    while index and len(pending) - index < _MOST_LINES:
        line = pending[index - 1]
        if not is_head(line, lexicon):
            break
        head.insert(0, line)
        index -= 1
        if (title := _title_beside(line, lexicon)) is not None:
            return pending[:index], title, tuple(head)
    if index and is_title(pending[index - 1], grid, lexicon):
        first = index - 1
        while first and _wrapped(pending[first - 1], pending[first], grid):
            first -= 1
        title = _one_line(pending[first:index])
        rest = pending[:first]
        while rest and lexicon.is_mark(labels.plain(rest[-1].text)):
            head.insert(0, rest.pop())
        return rest, title, tuple(head)
    marks = [line for line in head if not lexicon.is_mark(labels.plain(line.text))]
    return pending[:index], None, tuple(marks or head)


def _title_beside(line: Line, lexicon: Lexicon) -> Line | None:
    """Return the title that stands on one line with the unit, if one does."""
    titles = [text for text in labels.fragments(line.text) if lexicon.is_title(text) and not lexicon.is_head(text)]
    return replace(line, text=titles[0]) if len(titles) == 1 else None


def lent(passage: Chunk, table: Chunk, lexicon: Lexicon) -> tuple[Chunk | None, Chunk]:
    """Move a title left at the foot of the page before to its table; return both, None for an emptied passage."""
    if table.title is not None or table.head or table.grid is None:
        return passage, table
    rest, title, head = _above(list(passage.lines), table.grid, lexicon)
    if title is None or not lexicon.is_title(labels.plain(title.text)):
        return passage, table
    left = replace(passage, lines=tuple(rest)) if rest else None
    pages = (title.page, *table.pages) if title.page not in table.pages else table.pages
    return left, replace(table, title=title, head=head, pages=pages)


def is_head(line: Line, lexicon: Lexicon) -> bool:
    """Tell whether a line above a grid names the unit, the department, the year or the number of the table."""
    fragments = labels.fragments(line.text)
    if all(map(lexicon.is_mark, fragments)):
        return bool(fragments)
    return any(lexicon.is_head(fragment) and not lexicon.is_mark(fragment) for fragment in fragments)


def is_title(line: Line, grid: Grid, lexicon: Lexicon) -> bool:
    """Tell whether the line just above a grid, or its unit line, is the grid's title."""
    text = labels.plain(line.text)
    if len(text) > _LONGEST_TITLE or lexicon.sentence_end.search(text[-1:]) or lexicon.is_contents_entry(text):
        return False
    if lexicon.is_title(text):
        return True
    if line.box is None or grid.box is None:
        return False
    offset = abs((line.box.x0 + line.box.x1) - (grid.box.x0 + grid.box.x1)) / 2
    return offset < _CENTRED * (grid.box.x1 - grid.box.x0) and line.box.x0 > grid.box.x0 + line.size


def _wrapped(upper: Line, lower: Line, grid: Grid) -> bool:
    """Tell whether a title started on the line above: same size, close by, and that line has no room left."""
    if upper.box is None or lower.box is None or grid.box is None or abs(upper.size - lower.size) > _SAME_SIZE:
        return False
    close = lower.box.top - upper.box.bottom < _TITLE_GAP * lower.size
    return close and upper.box.x1 - upper.box.x0 > 0.75 * (grid.box.x1 - grid.box.x0)


def _one_line(lines: Sequence[Line]) -> Line:
    """Return wrapped lines as one."""
    if len(lines) == 1:
        return lines[0]
    boxes = [line.box for line in lines if line.box]
    box = lines[0].box
    if box and boxes:
        x0, top = min(b.x0 for b in boxes), min(b.top for b in boxes)
        box = Box(x0, top, max(b.x1 for b in boxes), max(b.bottom for b in boxes))
    words = tuple(word for line in lines for word in line.words)
    return replace(lines[0], text="".join(line.text for line in lines), box=box, words=words)


def _take_notes(chunks: list[Chunk], pending: list[Line], lexicon: Lexicon) -> list[Line]:
    """Move the notes under the last grid into its chunk; return the lines that are left."""
    if not chunks or chunks[-1].form is not Form.TABLE or not pending or chunks[-1].lines:
        return pending
    notes: list[list[Line]] = []
    for index, line in enumerate(pending):
        if lexicon.is_note(labels.plain(line.text)):
            notes.append([line])
        elif notes and _continues(pending, index):
            notes[-1].append(line)
        else:
            break
    chunks[-1] = replace(chunks[-1], notes=chunks[-1].notes + tuple(map(_one_line, notes)))
    return pending[sum(map(len, notes)) :]


def _continues(lines: list[Line], index: int) -> bool:
    """Tell whether a line goes on with the note above it: same size, close below, not centred apart."""
    upper, lower = lines[index - 1], lines[index]
    if upper.box is None or lower.box is None:
        return False
    return abs(upper.size - lower.size) < _SAME_SIZE and lower.box.top - upper.box.bottom < 0.9 * lower.size


def _own_captions(grid: Grid, lexicon: Lexicon) -> tuple[Grid, Line | None, tuple[Line, ...], tuple[Line, ...]]:
    """Take title, head and note lines that were ruled into the grid as rows of one cell out of it."""
    by_row: dict[int, list[Cell]] = {}
    for cell in grid.cells:
        by_row.setdefault(cell.row, []).append(cell)
    title: Line | None = None
    head: list[Line] = []
    top = 0
    while top < grid.n_rows - 1 and (cells := _caption_cells(by_row.get(top, []))):
        texts = [labels.plain(cell.text) for cell in cells]
        if all(map(lexicon.is_head, texts)):
            head += [_as_line(cell) for cell in cells]
        elif title is None and len(cells) == 1 and len(by_row[top]) == 1 and _names_a_table(texts[0], lexicon):
            title = _as_line(cells[0])
        else:
            break
        top += 1
    notes: list[Line] = []
    bottom = grid.n_rows
    while bottom - 1 > top and len(cells := _caption_cells(by_row.get(bottom - 1, []))) == 1:
        if not lexicon.is_note(labels.plain(cells[0].text)) or cells[0].colspan == 1 < grid.n_columns:
            break
        notes.insert(0, _as_line(cells[0]))
        bottom -= 1
    if top == 0 and bottom == grid.n_rows:
        return grid, None, (), ()
    return rows(grid, top, bottom), title, tuple(head), tuple(notes)


def _caption_cells(cells: list[Cell]) -> list[Cell]:
    """Return the filled cells of a row if no cell of it reaches into the next row, else none."""
    return [] if any(cell.rowspan > 1 for cell in cells) else [cell for cell in cells if cell.parts]


def _names_a_table(text: str, lexicon: Lexicon) -> bool:
    return len(text) <= _LONGEST_TITLE and lexicon.is_title(text)


def _as_line(cell: Cell) -> Line:
    part = cell.parts[0]
    return Line(cell.text, part.page, part.box)


def rows(grid: Grid, top: int, bottom: int) -> Grid:
    """Return the rows `top` up to `bottom` of a grid; cells that reach over either border are cut there."""
    kept = tuple(
        Cell(
            max(cell.row, top) - top,
            cell.column,
            min(cell.row + cell.rowspan, bottom) - max(cell.row, top),
            cell.colspan,
            cell.parts if cell.row >= top else (),
        )
        for cell in grid.cells
        if cell.row < bottom and cell.row + cell.rowspan > top
    )
    pages = grid.pages[top:bottom] if len(grid.pages) == grid.n_rows else grid.pages
    return replace(grid, n_rows=bottom - top, cells=kept, pages=pages)
