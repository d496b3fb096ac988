"""Pages of HTML and Markdown: paragraphs, headings and tables as the markup says; such a text has no page numbers."""

from __future__ import annotations

import codecs
import html as entities
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree, html

from structurer import errors
from structurer.document import dump_rows
from structurer.records import Block, Cell, Grid, How, Line, Page, Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MARKDOWN = frozenset({".md", ".markdown"})
_MOST_BYTES, _MOST_CELLS, _MOST_COLUMNS = 256 << 20, 2_000_000, 16_384
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}(?:charset|encoding)\s*=\s*["']?\s*([\w-]{1,40})""", re.IGNORECASE
)
_DECLARED_WITHIN, _NUL_WITHIN = 4096, 1 << 20
# Points; deeper headings are set as text.
_SIZE_OF = {"h1": 18.0, "h2": 16.0, "h3": 14.0}
_UNPRINTED = frozenset({"script", "style", "template", "head", "noscript", "object", "iframe", "svg", "textarea"})
_INLINE = frozenset(
    {
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd"),
        *("label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"),
        *("u", "var", "wbr", "img", "input", "button", "ruby", "rb", "colgroup", "col", "tbody", "thead", "tfoot"),
    }
)
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")

_FENCE = re.compile(r"\s*(?:```|~~~)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*)")
_RULE = re.compile(r"\s*(?:[-*_]\s*){3,}")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]|>)\s+")
_STRONG = re.compile(r"\*\*([^*\n]+)\*\*|__([^_\n]+)__")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)
_NEWLINE = re.compile(r"\s{0,9}<br\s{0,9}/?>\s{0,9}", re.IGNORECASE)
_PIPE = re.compile(r"(?<!\\)\|")
_ALIGNMENT = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")


class _TooLargeError(ValueError):
    """A table is larger than any real one."""

    def __init__(self, most: int, what: str) -> None:
        super().__init__(f"it has a table of more than {most} {what}, which no disclosure needs")


@dataclass(slots=True)
class _Slot:
    """A cell as it is read, with the spans it asks for."""

    row: int
    column: int
    rowspan: int
    colspan: int
    text: str = ""


@dataclass(slots=True)
class _Text:
    """The line that is being read, and those that are done."""

    pieces: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def end_line(self, size: float = 0.0) -> None:
        """Start a new line."""
        if line := _SPACE.sub(" ", "".join(self.pieces)).strip():
            self.lines.append(Line(line, None, size=size))
        self.pieces.clear()

    def joined(self) -> str:
        """Return all lines as the text of a cell."""
        self.end_line()
        return "\n".join(line.text for line in self.lines)


@dataclass(slots=True)
class _Table:
    """A table as it is read, a cell after the other; no two cells ever cover one slot."""

    slots: list[_Slot] = field(default_factory=list)
    n_rows: int = 0
    column: int = 0
    free: dict[int, int] = field(default_factory=dict)
    """Of each column, the first row that no cell above reaches into."""
    group: int = 0
    """The index of the first cell of this group of rows."""
    outside: _Text = field(default_factory=_Text)
    """The caption, and text astray between the cells."""
    inside: _Text | None = None
    """The text of the open cell."""
    nested: list[Block] = field(default_factory=list)

    def start_row(self) -> None:
        """Go to the next row."""
        self.n_rows += 1
        self.column = 0

    def start_cell(self, cell: etree._Element) -> None:
        """Place a cell in the next free slot, no wider than the room up to a cell that reaches into the row."""
        row = self.n_rows - 1
        while self.free.get(self.column, 0) > row:
            self.column += 1
        colspan, rowspan, start = _span(cell, "colspan", 1000), _span(cell, "rowspan", 65_534), self.column
        while self.column < start + colspan and self.free.get(self.column, 0) <= row:
            self.column += 1
        if self.column > _MOST_COLUMNS:
            raise _TooLargeError(_MOST_COLUMNS, "columns")
        for column in range(start, self.column):
            self.free[column] = row + rowspan
        self.slots.append(_Slot(row, start, rowspan, self.column - start))
        self.inside = _Text()

    def end_cell(self) -> None:
        """Close the open cell."""
        if self.inside is not None:
            self.slots[-1].text = self.inside.joined()
            self.inside = None

    def end_group(self) -> None:
        """Let no cell reach out of its group of rows."""
        for slot in self.slots[self.group :]:
            slot.rowspan = min(slot.rowspan, self.n_rows - slot.row)
        self.group = len(self.slots)
        self.free.clear()


def pages(path: Path) -> Iterator[Page]:
    """Yield the text as one page without a number.

    Raises DocumentError if it is no text, or larger than any disclosure.
    """
    text = _decoded(path)
    blocks = _markdown_blocks(text, path) if path.suffix.lower() in _MARKDOWN else _html_blocks(text)
    try:
        kept = tuple(blocks)
    except _TooLargeError as error:
        raise errors.DocumentError(str(path), f"{error}; the file is refused") from error
    yield Page(None, 0, 0, How.MARKUP if kept else How.BLANK, blocks=kept)


def _decoded(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise errors.DocumentError(str(path), f"it is larger than {_MOST_BYTES >> 20} MB; the file is refused")
    data = path.read_bytes()
    if data.startswith(_UTF_16):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:_NUL_WITHIN]:
        raise errors.DocumentError(str(path), "this is no text (it holds NUL bytes); save it as UTF-8")
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    names = [declared[1].decode("ascii")] if declared and not data.startswith(codecs.BOM_UTF8) else []
    for name in (*names, "utf-8-sig", "gb18030"):
        try:
            # Pages that say gb2312 hold characters of its supersets.
            return data.decode("gb18030" if name.lower() in {"gb2312", "gbk"} else name).replace("\0", "")
        except (UnicodeDecodeError, LookupError):
            continue
    raise errors.DocumentError(str(path), "this is text neither in UTF-8 nor in GB18030; save it as UTF-8")


# HTML.


def _html_blocks(text: str) -> Iterator[Block]:
    """Yield the lines and grids; a table inside a cell comes right after the table that holds it."""
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode(), parser=parser)
    except etree.ParserError:
        return
    for foot in list(root.iter("tfoot")):
        # It may be written above the rows it stands below.
        if (table := foot.getparent()) is not None:
            table.append(foot)
    tables: list[_Table] = []
    printed = _Text()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = str(element.tag)
        target = (tables[-1].inside or tables[-1].outside) if tables else printed
        if event == "start":
            if name in _UNPRINTED:
                walk.skip_subtree()
                continue
            _start(name, element, tables, target)
            target = (tables[-1].inside or tables[-1].outside) if tables else printed
            target.pieces.append(element.text or "")
        else:
            done = _end(name, tables, target)
            if not tables:
                yield from printed.lines
                printed.lines.clear()
                yield from done
            target = (tables[-1].inside or tables[-1].outside) if tables else printed
            target.pieces.append(element.tail or "")
    printed.end_line()
    yield from printed.lines


def _start(name: str, element: etree._Element, tables: list[_Table], target: _Text) -> None:
    if name not in _INLINE:
        target.end_line()
    if name == "table":
        tables.append(_Table())
    elif tables and name == "tr":
        tables[-1].start_row()
    elif tables and name in {"td", "th"}:
        if not tables[-1].n_rows:
            tables[-1].start_row()
        tables[-1].end_cell()
        tables[-1].start_cell(element)


def _end(name: str, tables: list[_Table], target: _Text) -> list[Block]:
    """Close the element; return what a table that ends is."""
    if name not in _INLINE:
        target.end_line(_SIZE_OF.get(name, 0.0))
    if not tables:
        return []
    if name in {"td", "th"}:
        tables[-1].end_cell()
    elif name in {"thead", "tbody", "tfoot"}:
        tables[-1].end_group()
    if name != "table":
        return []
    table = tables.pop()
    table.end_group()
    table.outside.end_line()
    made: list[Block] = [*table.outside.lines, *_grid(table), *table.nested]
    if not tables:
        return made
    tables[-1].nested += made
    return []


def _span(cell: etree._Element, name: str, most: int) -> int:
    """Return how many slots the cell asks for; 1 where it asks for nonsense."""
    asked = cell.get(name, "").strip()
    return max(1, min(int(asked[:9]), most)) if asked.isascii() and asked.isdigit() else 1


def _grid(table: _Table) -> Iterator[Grid]:
    """Yield the table as a tiling, if it has a cell: a column in which no cell starts is cut at the right edge."""
    if not table.slots:
        return
    n_columns = max(slot.column for slot in table.slots) + 1
    if table.n_rows * n_columns > _MOST_CELLS:
        raise _TooLargeError(_MOST_CELLS, "cells")
    taken = bytearray(table.n_rows * n_columns)
    cells = []
    for slot in table.slots:
        colspan = min(slot.colspan, n_columns - slot.column)
        for row in range(slot.row, slot.row + slot.rowspan):
            start = row * n_columns + slot.column
            taken[start : start + colspan] = b"\1" * colspan
        cells.append(Cell(slot.row, slot.column, slot.rowspan, colspan, _parts(slot.text)))
    at = -1
    while (at := taken.find(0, at + 1)) >= 0:
        cells.append(Cell(*divmod(at, n_columns), 1, 1))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    yield Grid(table.n_rows, n_columns, tuple(cells), (None,) * table.n_rows, basis="markup")


def _parts(text: str) -> tuple[Part, ...]:
    return (Part(text, None),) if text else ()


# Markdown.


def _markdown_blocks(text: str, path: Path) -> Iterator[Block]:
    lines = text.splitlines()
    at, fenced = 0, False
    while at < len(lines):
        line, start = lines[at], at
        at += 1
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            yield from [Line(line.strip(), None)] if line.strip() else []
        elif _TABLE_TAG.search(line):
            depth = 0
            for at in range(start + 1, len(lines) + 1):
                depth += sum(-1 if mark[1] else 1 for mark in _TABLE_TAG.finditer(lines[at - 1]))
                if depth <= 0:
                    break
            yield from _html_blocks("\n".join(lines[start:at]))
        elif _starts_table(lines, start):
            while at < len(lines) and _PIPE.search(lines[at]):
                at += 1
            # The second row says only how the columns are aligned.
            aligned = start + 1 if _ALIGNMENT.fullmatch(lines[start + 1]) else -1
            yield _pipe_grid([lines[row] for row in range(start, at) if row != aligned], path)
        else:
            yield from _markdown_line(line)


def _starts_table(lines: list[str], at: int) -> bool:
    """Return whether a table starts here: a row over a row of dashes, or two rows between bars."""
    rows = [line.strip() for line in lines[at : at + 2]]
    if at + 1 == len(lines) or not all(map(_PIPE.search, rows)):
        return False
    return bool(_ALIGNMENT.fullmatch(rows[1])) or all(row.startswith("|") and row.endswith("|") for row in rows)


def _pipe_grid(rows: list[str], path: Path) -> Grid:
    """Return the rows as a tiling; Markdown has no merged cells, so those of the header are inferred as in a dump."""
    table = []
    for row in rows:
        bare = row.strip().removeprefix("|")
        bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
        table.append([_plain(_NEWLINE.sub("\n", cell.replace("\\|", "|"))) for cell in _PIPE.split(bare)])
    return dump_rows.grid(table, None, path)


def _markdown_line(line: str) -> Iterator[Block]:
    heading = _HEADING.fullmatch(line)
    if _TAG.search(line) and not heading:
        yield from _html_blocks(line)
    elif heading:
        text = heading[2].rstrip()
        words, _, marks = text.rpartition(" ")
        yield Line(_plain(text if marks.strip("#") else words), None, size=_SIZE_OF.get(f"h{len(heading[1])}", 0.0))
    elif not _RULE.fullmatch(line) and (text := _plain(_LIST_MARK.sub("", line, count=1))):
        yield Line(text, None)


def _plain(text: str) -> str:
    """Return the text without marks of emphasis."""
    return entities.unescape(_STRONG.sub(lambda found: found[1] or found[2], text)).replace("`", "").strip()
