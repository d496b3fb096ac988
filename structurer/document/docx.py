"""Pages of a DOCX: its paragraphs and tables as the markup says, numbered by the page breaks it marks."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from lxml import etree

from structurer import errors
from structurer.document import docx_flow as flow
from structurer.records import Block, Cell, Grid, How, Line, Page, Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DOCUMENT, _STYLES = "word/document.xml", "word/styles.xml"
_SPACES = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
_P, _SECTION = (tuple(space + name for space in _SPACES) for name in ("p", "sectPr"))
_WATCHED = (*_P, *_SECTION, *(space + name for space in _SPACES for name in ("tbl", "tblGrid", "tblPr", "tr", "tc")))
_OLE_MARK = bytes.fromhex("D0CF11E0")
_MOST_BYTES, _MOST_STYLE_BYTES, _PIECE = 512 << 20, 16 << 20, 1 << 20
_MOST_CELLS, _MOST_DEPTH = 2_000_000, 100
# Word stops at 63 columns, LibreOffice at 16384.
_MOST_COLUMNS = 16_384
# XML cannot contain these two, so they can stand for a page break in the text of a paragraph.
_BREAK, _RENDERED = "\f", "\v"
_TEXT_OF = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "lastRenderedPageBreak": _RENDERED}
_BOXES = frozenset({"drawing", "pict", "object"})
_UNPRINTED = frozenset("pPr rPr sdtPr trPr tcPr del moveFrom instrText Fallback rt tbl".split()) | _BOXES
_RENDERED_MARK, _SECTION_MARK = b"lastRenderedPageBreak", b"pgSz"
_TURN_MARKS = (b"pageBreakBefore", b'type="page"', b"type='page'")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    size: float
    style: flow.Style
    turned: bool = False
    """It starts on a new page."""
    section: flow.Section | None = None
    """The section that ends with it."""


@dataclass(slots=True)
class _Slot:
    """A cell as it is read; `rowspan` grows while the rows below continue it."""

    row: int
    column: int
    colspan: int
    merge: str | None
    text: str
    height: float
    rowspan: int = 1


@dataclass(slots=True)
class _Table:
    """A table as it is read, a row after the other."""

    columns: list[float] = field(default_factory=list)
    padding: float = 10.8
    slots: list[_Slot] = field(default_factory=list)
    rows: list[flow.Row] = field(default_factory=list)
    breaks: list[tuple[bool, int]] = field(default_factory=list)
    """Of each row: whether it starts on a new page, and how many page breaks are inside it."""
    above: dict[int, _Slot] = field(default_factory=dict)
    """The cells of the row above, by column."""
    nested: list[tuple[int, _Table]] = field(default_factory=list)
    """The tables inside its cells, each with the row it stands in."""
    waiting: int = 0
    """Cells of the row that is being read."""


_Item = _Paragraph | _Table


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
            defaults = _defaults(archive)
            with archive.open(_DOCUMENT) as stream:
                yield from _numbered(_blocks(stream, defaults, path), estimated=estimated)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = f"this is no intact DOCX, which is a ZIP archive ({error}); download or save it again"
        raise errors.DocumentError(str(path), reason) from error
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
        for _, found in etree.iterparse(stream, ("end",), "{*}docDefaults", resolve_entities=False, no_network=True):
            size = flow.half_points(next(found.iter("{*}sz"), None))
            return flow.style(next(found.iter("{*}pPr"), None), size, flow.Style())
    return flow.Style()


def _blocks(stream: IO[bytes], defaults: flow.Style, path: Path) -> Iterator[_Item | flow.Section]:
    """Yield what stands in the body, in order; a section comes after what it holds."""
    tables: list[_Table] = []
    depth = 0
    for event, element in etree.iterparse(
        stream, ("start", "end"), _WATCHED, resolve_entities=False, no_network=True, huge_tree=True
    ):
        name = flow.local_name(element)
        if event == "start":
            depth += name == "p"
            if name == "tbl":
                tables.append(_Table())
        elif name == "p":
            depth -= 1
            if not depth and not tables:
                yield from _paragraphs(element, defaults)
                _drop(element)
        elif name == "tbl":
            table = tables.pop()
            if tables:
                tables[-1].nested.append((len(tables[-1].rows), table))
            elif next(element.iterancestors("{*}Fallback"), None) is None:
                yield table
            _drop(element)
        elif tables:
            _add_to_table(tables[-1], element, defaults)
            if reason := _too_large(tables):
                raise errors.DocumentError(str(path), f"{reason}; the file is refused")
        elif name == "sectPr" and not depth and flow.local_name(element.getparent()) == "body":
            yield flow.section(element)


def _too_large(tables: list[_Table]) -> str | None:
    if len(tables) > _MOST_DEPTH:
        return f"tables stand inside tables more than {_MOST_DEPTH} deep"
    if tables[-1].waiting > _MOST_COLUMNS:
        return f"a table has more than {_MOST_COLUMNS} columns"
    return f"a table has more than {_MOST_CELLS} cells" if len(tables[-1].slots) > _MOST_CELLS else None


def _drop(element: etree._Element) -> None:
    """Free what has been read."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


def _paragraphs(element: etree._Element, defaults: flow.Style) -> Iterator[_Paragraph]:
    """Yield the paragraph, after those of the text boxes it carries."""
    text, size, boxes = _read(element)
    for inner in (inner for box in boxes for inner in box.iter(*_P)):
        yield _Paragraph(_read(inner)[0], 0.0, flow.FLOATING)
    properties = flow.child(element, "pPr")
    ended = flow.child(properties, "sectPr")
    yield _Paragraph(
        text,
        size,
        flow.style(properties, size, defaults),
        turned=flow.is_on(flow.child(properties, "pageBreakBefore")),
        section=None if ended is None else flow.section(ended),
    )


def _read(paragraph: etree._Element) -> tuple[str, float, list[etree._Element]]:
    """Return the printed text of a paragraph, the size of its first run and what may hold text boxes."""
    text, sizes, boxes = [], [], []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        name = flow.local_name(element)
        if name == "t":
            text.append(element.text or "")
        elif name in _TEXT_OF:
            text.append(_TEXT_OF[name])
        elif name == "br":
            text.append(_BREAK if flow.value(element, "type") == "page" else "\n")
        elif name in _BOXES:
            boxes.append(element)
        elif name == "r":
            properties = flow.child(element, "rPr")
            if not flow.is_on(flow.child(properties, "vanish")):
                sizes.append(flow.half_points(flow.child(properties, "sz")))
                waiting.extend(reversed(element))
        elif name not in _UNPRINTED:
            waiting.extend(reversed(element))
    return "".join(text), sizes[0] if sizes else 0.0, boxes


def _add_to_table(table: _Table, element: etree._Element, defaults: flow.Style) -> None:
    name = flow.local_name(element)
    if name == "tblGrid":
        table.columns = [flow.twips(flow.value(column, "w")) for column in element]
    elif name == "tblPr":
        table.padding = flow.padding(flow.child(element, "tblCellMar"), table.padding)
    elif name == "tc":
        table.waiting += 1
    elif name == "tr":
        if flow.child(properties := flow.child(element, "trPr"), "del") is None:
            _add_row(table, element, properties, defaults)
        table.waiting = 0
        _drop(element)


def _add_row(
    table: _Table, element: etree._Element, properties: etree._Element | None, defaults: flow.Style
) -> None:
    row, above = len(table.rows), table.above
    column = flow.count(flow.child(properties, "gridBefore"), 0, _MOST_COLUMNS)
    table.above, texts, turns, first = {}, [], [], 0.0
    for cell in _inside(element, "tc"):
        slot, least, text = _slot(cell, table, (row, column), defaults)
        continued = above.get(column) if slot.merge == "continue" else None
        if continued and continued.merge and continued.colspan == slot.colspan:
            continued.rowspan += 1
            slot = continued
        else:
            table.slots.append(slot)
        table.above[column] = slot
        column = min(column + slot.colspan, _MOST_COLUMNS)
        texts.append(text)
        turns.append(text.count(_BREAK) + text.count(_RENDERED))
        first = max(first, least)
    height = max((slot.height for slot in table.above.values() if slot.merge is None), default=0.0)
    table.rows.append(flow.row(properties, height, first))
    lead = "".join(texts).lstrip("\n\t ")[:1] in {_BREAK, _RENDERED}
    table.breaks.append((lead, max(turns, default=0) - lead))


def _slot(
    cell: etree._Element, table: _Table, place: tuple[int, int], defaults: flow.Style
) -> tuple[_Slot, float, str]:
    """Return the cell, the height of its first line and its text with the marks of page breaks."""
    properties = flow.child(cell, "tcPr")
    colspan = flow.count(flow.child(properties, "gridSpan"), 1, _MOST_COLUMNS - place[1])
    merged = flow.child(properties, "vMerge")
    merge = None if merged is None else flow.value(merged, "val") or "continue"
    paragraphs = [each for element in _inside(cell, "p") for each in _paragraphs(element, defaults)]
    width = sum(table.columns[place[1] : place[1] + colspan]) or flow.twips(flow.value(flow.child(properties, "tcW"), "w"))
    set_ = [flow.wrap(each.text, width - table.padding, each.style) for each in paragraphs]
    text = "\n".join((_BREAK if each.turned else "") + each.text for each in paragraphs)
    slot = _Slot(*place, colspan, merge, _clean(text), sum(each.height for each in set_))
    return slot, max((each.least for each in set_[:1]), default=0.0), text


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements of this name, looking through what only wraps them (content controls, insertions)."""
    waiting = list(reversed(element))
    while waiting:
        inner = waiting.pop()
        if flow.local_name(inner) == name:
            yield inner
        elif flow.local_name(inner) not in _UNPRINTED:
            waiting.extend(reversed(inner))


def _clean(text: str) -> str:
    lines = (line.strip() for line in re.sub(f"[{_BREAK}{_RENDERED}]", "", text).split("\n"))
    return "\n".join(line for line in lines if line)
