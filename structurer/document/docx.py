"""Pages of a DOCX: its paragraphs and tables as the markup says, numbered by the page breaks it marks."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from lxml import etree

from structurer import errors
from structurer.document import docx_body as body
from structurer.document import docx_flow as flow
from structurer.records import Block, Cell, Grid, How, Line, Page, Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DOCUMENT, _STYLES = "word/document.xml", "word/styles.xml"
_OLE_MARK = bytes.fromhex("D0CF11E0")
_MOST_BYTES, _MOST_STYLE_BYTES, _PIECE = 512 << 20, 16 << 20, 1 << 20
_RENDERED_MARK, _SECTION_MARK = b"lastRenderedPageBreak", b"pgSz"
_TURN_MARKS = (b"pageBreakBefore", b'type="page"', b"type='page'")


def pages(path: Path) -> Iterator[Page]:
    """Yield the pages of the DOCX one by one.

    A DOCX has pages only where it says so: it was told to break, or a word processor left marks where it last broke
    them. Where it has the first kind alone, the flow between two breaks is estimated; where it has none, all is page 1.
    Raises DocumentError if the file is no DOCX, is encrypted or damaged, or is larger than any real one.
    """
    with path.open("rb") as file:
        if file.read(len(_OLE_MARK)) == _OLE_MARK:
            reason = "this is an encrypted DOCX or an old DOC (an OLE file); save it as DOCX without a password"
            raise errors.DocumentError(str(path), reason)
    try:
        with zipfile.ZipFile(path) as archive:
            estimated = _scan(archive, path)
            defaults = _defaults(archive) if estimated else flow.UNSET
            with archive.open(_DOCUMENT) as stream:
                yield from _numbered(body.items(stream, defaults), estimated=estimated)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = f"this is no intact DOCX, which is a ZIP archive ({str(error) or 'cut short'}); save it anew"
        raise errors.DocumentError(str(path), reason) from error
    except body.TooLargeError as error:
        raise errors.DocumentError(str(path), f"{error}, which no disclosure needs; the file is refused") from error
    except etree.XMLSyntaxError as error:
        reason = f"the XML inside is broken ({error.msg}); open it with a word processor and save it again"
        raise errors.DocumentError(str(path), reason) from error


def _scan(archive: zipfile.ZipFile, path: Path) -> bool:
    """Return whether the pages must be estimated; raises DocumentError if the document is missing or a bomb."""
    if _DOCUMENT not in archive.namelist():
        reason = f"this ZIP archive holds no {_DOCUMENT}, so it is no DOCX; open it with what made it, save it as DOCX"
        raise errors.DocumentError(str(path), reason)
    size, read, before = archive.getinfo(_DOCUMENT).file_size, 0, b""
    found = dict.fromkeys((_RENDERED_MARK, _SECTION_MARK, *_TURN_MARKS), 0)
    with archive.open(_DOCUMENT) as stream:
        while max(size, read) <= _MOST_BYTES and (piece := stream.read(_PIECE)):
            window = before + piece
            for mark in found:
                found[mark] += window.count(mark) - before.count(mark)
            read, before = read + len(piece), window[-len(_RENDERED_MARK) :]
    if max(size, read) > _MOST_BYTES:
        reason = f"its text unpacks to more than {_MOST_BYTES >> 20} MB, which no disclosure needs; the file is refused"
        raise errors.DocumentError(str(path), reason)
    turned = found[_SECTION_MARK] > 1 or any(found[mark] for mark in _TURN_MARKS)
    return turned and not found[_RENDERED_MARK]


def _defaults(archive: zipfile.ZipFile) -> flow.Style:
    """Return how a paragraph is set that does not say so itself."""
    if _STYLES not in archive.namelist() or archive.getinfo(_STYLES).file_size > _MOST_STYLE_BYTES:
        return flow.Style()
    with archive.open(_STYLES) as stream:
        return body.defaults_of(stream)


def _grid(table: body.Table, pages_of: list[int]) -> Grid | None:
    """Return the table as a tiling: a column in which no cell starts says nothing and is cut at the right edge."""
    if not table.slots:
        return None
    n_rows, n_columns = len(table.rows), max(slot.column for slot in table.slots) + 1
    if n_rows * n_columns > body.MOST_CELLS:
        raise body.TooLargeError(body.MOST_CELLS, "cells in a table")
    taken = bytearray(n_rows * n_columns)
    cells = []
    for slot in table.slots:
        colspan = min(slot.colspan, n_columns - slot.column)
        for row in range(slot.row, slot.row + slot.rowspan):
            start = row * n_columns + slot.column
            taken[start : start + colspan] = b"\1" * colspan
        parts = (Part(slot.text, pages_of[slot.row]),) if slot.text else ()
        cells.append(Cell(slot.row, slot.column, slot.rowspan, colspan, parts))
    at = -1
    while (at := taken.find(0, at + 1)) >= 0:
        cells.append(Cell(*divmod(at, n_columns), 1, 1))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Grid(n_rows, n_columns, tuple(cells), tuple(pages_of), basis="markup")


def _numbered(items: Iterator[body.Item | flow.Section], *, estimated: bool) -> Iterator[Page]:
    pen = flow.Flow()
    blocks: list[Block] = []
    number, inked = 1, 0
    for item, ahead in _sections(items, pen, estimated=estimated):
        made = _lines(item, pen, ahead) if isinstance(item, body.Paragraph) else _grids(item, pen)
        for page, block in made:
            while number < page:
                yield _page(number, blocks, inked)
                number, blocks = number + 1, []
            blocks.append(block)
            inked = max(inked, page, *(each or 0 for each in block.pages)) if isinstance(block, Grid) else page
    while number <= max(inked, 1):
        yield _page(number, blocks, inked)
        number, blocks = number + 1, []


def _page(number: int, blocks: list[Block], inked: int) -> Page:
    """Return the page; it is not blank if a table that starts on an earlier one reaches it."""
    how = How.MARKUP if blocks or number <= inked else How.BLANK
    return Page(number, 0, 0, how, blocks=tuple(blocks))


def _sections(
    items: Iterator[body.Item | flow.Section], pen: flow.Flow, *, estimated: bool
) -> Iterator[tuple[body.Item, float]]:
    """Yield every item when the pen is where it follows, with the height that must stay on the same page after it."""
    held: list[body.Item] = []
    first = True
    for item in items:
        ended = item if isinstance(item, flow.Section) else None
        if not isinstance(item, flow.Section):
            held.append(item)
            ended = item.section if isinstance(item, body.Paragraph) else None
        if ended is None:
            continue
        if not first and ended.turns:
            pen.turn()
        first = False
        pen.room = ended.room if estimated else flow.Room()
        yield from zip(held, _ahead(held, pen.room), strict=True)
        held = []
    yield from ((item, 0.0) for item in held)


def _ahead(items: list[body.Item], room: flow.Room) -> list[float]:
    """Return for each item the height that must stay with it if it is to stay with the next one."""
    ahead, need = [], 0.0
    for item in reversed(items):
        ahead.append(need)
        if isinstance(item, body.Table):
            need = flow.least(item.rows)
        else:
            set_ = flow.wrap(item.text, room.width, item.style)
            need = set_.height + need if set_.keep_next else set_.least
    return ahead[::-1]


def _lines(paragraph: body.Paragraph, pen: flow.Flow, ahead: float) -> Iterator[tuple[int, Line]]:
    if paragraph.turned and not pen.fresh:
        pen.turn()
    pieces = paragraph.text.split(body.BREAK)
    for order, piece in enumerate(pieces):
        if order:
            pen.turn()
        if body.RENDERED in piece[: len(piece) - len(piece.lstrip())] and not pen.fresh:
            pen.turn()
        text = piece.replace(body.RENDERED, "").strip()
        if paragraph.style is flow.FLOATING:
            page = pen.page
        elif text or len(pieces) == 1:
            page = pen.paragraph(flow.wrap(text, pen.room.width, paragraph.style), ahead)
        yield from ((page, Line(line.strip(), page, size=paragraph.size)) for line in text.split("\n") if line.strip())
        for rest in piece.lstrip().split(body.RENDERED)[1:]:
            pen.turn()
            pen.fresh = not rest.strip()


def _grids(table: body.Table, pen: flow.Flow) -> Iterator[tuple[int, Grid]]:
    pages_of = pen.rows(_grown(table), table.breaks)
    waiting = [(table, pages_of)]
    while waiting:
        table, pages_of = waiting.pop()
        if grid := _grid(table, pages_of):
            yield pages_of[0], grid
        inner = [(each, [pages_of[row]] * len(each.rows)) for row, each in table.nested if row < len(pages_of)]
        waiting.extend(reversed(inner))


def _grown(table: body.Table) -> list[flow.Row]:
    """Return the rows, the last of those that a merged cell covers grown until its text has room."""
    rows = list(table.rows)
    for slot in table.slots:
        if slot.merge is not None:
            last = slot.row + slot.rowspan - 1
            missing = slot.height - sum(row.height for row in rows[slot.row : last + 1])
            rows[last] = flow.grown(rows[last], missing)
    return rows
