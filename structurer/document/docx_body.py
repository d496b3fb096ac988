"""What stands in the body of a DOCX, in order: paragraphs, tables and sections, as its XML says."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from lxml import etree

from structurer.document import docx_attributes as attributes
from structurer.document import docx_flow as flow

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACES = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
_P, _SECTION = (tuple(space + name for space in _SPACES) for name in ("p", "sectPr"))
_WATCHED = (*_P, *_SECTION, *(space + name for space in _SPACES for name in ("tbl", "tblGrid", "tblPr", "tr", "tc")))
MOST_CELLS, _MOST_DEPTH = 2_000_000, 100
# Word stops at 63 columns, LibreOffice at 16384.
_MOST_COLUMNS = 16_384
# Left and right of a cell's text, where the table does not say (points).
_PADDING = 10.8
# XML cannot contain these two, so they can stand for a page break in the text of a paragraph.
BREAK, RENDERED = "\f", "\v"
"""A page break the author set, and one where the text was broken when it was last laid out."""
_TEXT_OF = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "lastRenderedPageBreak": RENDERED}
_BOXES = frozenset({"drawing", "pict", "object"})
_UNPRINTED = _BOXES | {
    *("pPr", "rPr", "sdtPr", "trPr", "tcPr"),
    *("del", "moveFrom", "instrText", "Fallback", "rt", "tbl"),
}


class TooLargeError(ValueError):
    """A table is larger than any real one."""

    def __init__(self, most: int, what: str) -> None:
        super().__init__(f"it has more than {most} {what}")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with the marks of the page breaks inside it."""

    text: str
    size: float
    style: flow.Style
    turned: bool = False
    """It starts on a new page."""
    section: flow.Section | None = None
    """The section that ends with it."""


@dataclass(slots=True)
class Slot:
    """A cell as it is read; `rowspan` grows while the rows below continue it."""

    row: int
    column: int
    colspan: int
    merge: str | None
    text: str
    height: float
    rowspan: int = 1


@dataclass(slots=True)
class Table:
    """A table as it is read, a row after the other."""

    columns: list[float] = field(default_factory=list)
    padding: float = _PADDING
    ruling: float = 0.0
    """The width of the line between two rows."""
    slots: list[Slot] = field(default_factory=list)
    rows: list[flow.Row] = field(default_factory=list)
    breaks: list[tuple[bool, int]] = field(default_factory=list)
    """Of each row: whether it starts on a new page, and how many page breaks are inside it."""
    above: dict[int, Slot] = field(default_factory=dict)
    """The cells of the row above, by column."""
    nested: list[tuple[int, Table]] = field(default_factory=list)
    """The tables inside its cells, each with the row it stands in."""
    waiting: int = 0
    """Cells of the row that is being read."""


Item = Paragraph | Table


def defaults_of(styles: IO[bytes]) -> flow.Style:
    """Return how a paragraph is set that does not say so itself, from the styles of the DOCX."""
    for _, found in etree.iterparse(styles, ("end",), tag="{*}docDefaults", resolve_entities=False, no_network=True):
        size = attributes.half_points(next(found.iter("{*}sz"), None))
        return attributes.style(next(found.iter("{*}pPr"), None), size, flow.Style())
    return flow.Style()


def items(body: IO[bytes], defaults: flow.Style) -> Iterator[Item | flow.Section]:
    """Yield what stands in the body, in order; a section comes after what it holds.

    Where `defaults` is UNSET, how the text is set is not read: nothing is going to be estimated.
    Raises TooLargeError at a table no disclosure has, and XMLSyntaxError where the XML is broken.
    """
    tables: list[Table] = []
    depth = 0
    for event, element in etree.iterparse(
        body, ("start", "end"), tag=_WATCHED, resolve_entities=False, no_network=True, huge_tree=True
    ):
        name = attributes.local_name(element)
        if event == "start":
            depth += name == "p"
            if name == "tbl":
                tables.append(Table())
        elif name == "p":
            depth -= 1
            if not depth and not tables:
                yield from _paragraphs(element, defaults)
                _drop(element)
        elif name == "tbl":
            yield from _outermost(tables, element)
        elif tables:
            _add_to_table(tables[-1], element, defaults)
            _refuse_monsters(tables)
        elif name == "sectPr" and not depth and attributes.local_name(element.getparent()) == "body":
            yield attributes.section(element)


def _outermost(tables: list[Table], element: etree._Element) -> Iterator[Table]:
    """Close the table; yield it if it stands in no other."""
    table = tables.pop()
    if tables:
        tables[-1].nested.append((len(tables[-1].rows), table))
    elif next(element.iterancestors("{*}Fallback"), None) is None:
        yield table
    if tables or attributes.local_name(element.getparent()) == "txbxContent":
        # What stands before it in the cell or the text box is still to be read.
        element.clear()
    else:
        _drop(element)


def _refuse_monsters(tables: list[Table]) -> None:
    if len(tables) > _MOST_DEPTH:
        raise TooLargeError(_MOST_DEPTH, "tables inside tables")
    if tables[-1].waiting > _MOST_COLUMNS:
        raise TooLargeError(_MOST_COLUMNS, "columns in a table")
    if len(tables[-1].slots) > MOST_CELLS:
        raise TooLargeError(MOST_CELLS, "cells in a table")


def _drop(element: etree._Element) -> None:
    """Free what has been read."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


def _paragraphs(element: etree._Element, defaults: flow.Style) -> Iterator[Paragraph]:
    """Yield the paragraph, after those of the text boxes it carries."""
    text, size, boxes = _read(element)
    for inner in (inner for box in boxes for inner in box.iter(*_P)):
        yield Paragraph(_read(inner)[0], 0.0, flow.FLOATING)
    properties = attributes.child(element, "pPr")
    ended = attributes.child(properties, "sectPr")
    yield Paragraph(
        text,
        size,
        attributes.style(properties, size, defaults),
        turned=attributes.is_on(attributes.child(properties, "pageBreakBefore")),
        section=None if ended is None else attributes.section(ended),
    )


def _read(paragraph: etree._Element) -> tuple[str, float, list[etree._Element]]:
    """Return the printed text of a paragraph, the size of its first run and what may hold text boxes."""
    text, sizes, boxes = [], [], []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        name = attributes.local_name(element)
        if name == "t":
            text.append(element.text or "")
        elif name in _TEXT_OF:
            text.append(_TEXT_OF[name])
        elif name == "br":
            text.append(BREAK if attributes.value(element, "type") == "page" else "\n")
        elif name in _BOXES:
            boxes.append(element)
        elif name == "r":
            properties = attributes.child(element, "rPr")
            if not attributes.is_on(attributes.child(properties, "vanish")):
                sizes.append(attributes.half_points(attributes.child(properties, "sz")))
                waiting.extend(reversed(element))
        elif name not in _UNPRINTED:
            waiting.extend(reversed(element))
    return "".join(text), sizes[0] if sizes else 0.0, boxes


def _add_to_table(table: Table, element: etree._Element, defaults: flow.Style) -> None:
    name = attributes.local_name(element)
    if name == "tblGrid":
        table.columns = [attributes.twips(column, "w") for column in element]
    elif name == "tblPr":
        table.ruling = attributes.eighths(attributes.child(attributes.child(element, "tblBorders"), "insideH"))
        margins = attributes.child(element, "tblCellMar")
        table.padding = sum(
            attributes.twips(attributes.child(margins, side), "w", _PADDING / 2) for side in ("left", "right")
        )
    elif name == "tc":
        table.waiting += 1
    elif name == "tr":
        if attributes.child(properties := attributes.child(element, "trPr"), "del") is None:
            _add_row(table, element, properties, defaults)
        table.waiting = 0
        _drop(element)


def _add_row(table: Table, element: etree._Element, properties: etree._Element | None, defaults: flow.Style) -> None:
    row, above = len(table.rows), table.above
    column = attributes.count(attributes.child(properties, "gridBefore"), 0, _MOST_COLUMNS)
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
        turns.append(text.count(BREAK) + text.count(RENDERED))
        first = max(first, least)
    height = max((slot.height for slot in table.above.values() if slot.merge is None), default=0.0)
    nested = itertools.takewhile(lambda each: each[0] == row, reversed(table.nested))
    inner = sum(each.height for _, table_inside in nested for each in table_inside.rows)
    table.rows.append(attributes.row(properties, max(height, inner) + table.ruling, first))
    lead = "".join(texts).lstrip("\n\t ")[:1] in {BREAK, RENDERED}
    table.breaks.append((lead, max(turns, default=0) - lead))


def _slot(cell: etree._Element, table: Table, place: tuple[int, int], defaults: flow.Style) -> tuple[Slot, float, str]:
    """Return the cell, the height of its first line and its text with the marks of page breaks."""
    properties = attributes.child(cell, "tcPr")
    colspan = attributes.count(attributes.child(properties, "gridSpan"), 1, _MOST_COLUMNS - place[1])
    merged = attributes.child(properties, "vMerge")
    merge = None if merged is None else attributes.value(merged, "val") or "continue"
    paragraphs = [each for element in _inside(cell, "p") for each in _paragraphs(element, defaults)]
    width = sum(table.columns[place[1] : place[1] + colspan]) or attributes.twips(
        attributes.child(properties, "tcW"), "w"
    )
    set_ = [flow.wrap(each.text, width - table.padding, each.style) for each in paragraphs]
    text = "\n".join((BREAK if each.turned else "") + each.text for each in paragraphs)
    slot = Slot(*place, colspan, merge, _clean(text), sum(each.height for each in set_))
    return slot, max((each.least for each in set_[:1]), default=0.0), text


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements of this name, looking through what only wraps them (content controls, insertions)."""
    waiting = list(reversed(element))
    while waiting:
        inner = waiting.pop()
        if attributes.local_name(inner) == name:
            yield inner
        elif attributes.local_name(inner) not in _UNPRINTED:
            waiting.extend(reversed(inner))


def _clean(text: str) -> str:
    lines = (line.strip() for line in text.replace(BREAK, "\n").replace(RENDERED, "").split("\n"))
    return "\n".join(line for line in lines if line)
