"""What stands in the body of a DOCX, in order: paragraphs, tables and sections, as its XML says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from lxml import etree

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
_OFF = frozenset({"0", "false", "off"})
# Parts of a point, and of a line, that the attributes count.
_TWIPS, _EIGHTHS, _LINE = 20.0, 8.0, 240.0
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?")


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
        size = _half_points(next(found.iter("{*}sz"), None))
        return _style(next(found.iter("{*}pPr"), None), size, flow.Style())
    return flow.Style()


def items(body: IO[bytes], defaults: flow.Style) -> Iterator[Item | flow.Section]:
    """Yield what stands in the body, in order; a section comes after what it holds.

    Raises TooLargeError at a table no disclosure has, and XMLSyntaxError where the XML is broken.
    """
    tables: list[Table] = []
    depth = 0
    for event, element in etree.iterparse(
        body, ("start", "end"), tag=_WATCHED, resolve_entities=False, no_network=True, huge_tree=True
    ):
        name = _local_name(element)
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
        elif name == "sectPr" and not depth and _local_name(element.getparent()) == "body":
            yield _section(element)


def _outermost(tables: list[Table], element: etree._Element) -> Iterator[Table]:
    """Close the table; yield it if it stands in no other."""
    table = tables.pop()
    if tables:
        tables[-1].nested.append((len(tables[-1].rows), table))
    elif next(element.iterancestors("{*}Fallback"), None) is None:
        yield table
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
    properties = _child(element, "pPr")
    ended = _child(properties, "sectPr")
    yield Paragraph(
        text,
        size,
        _style(properties, size, defaults),
        turned=_is_on(_child(properties, "pageBreakBefore")),
        section=None if ended is None else _section(ended),
    )


def _read(paragraph: etree._Element) -> tuple[str, float, list[etree._Element]]:
    """Return the printed text of a paragraph, the size of its first run and what may hold text boxes."""
    text, sizes, boxes = [], [], []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        name = _local_name(element)
        if name == "t":
            text.append(element.text or "")
        elif name in _TEXT_OF:
            text.append(_TEXT_OF[name])
        elif name == "br":
            text.append(BREAK if _value(element, "type") == "page" else "\n")
        elif name in _BOXES:
            boxes.append(element)
        elif name == "r":
            properties = _child(element, "rPr")
            if not _is_on(_child(properties, "vanish")):
                sizes.append(_half_points(_child(properties, "sz")))
                waiting.extend(reversed(element))
        elif name not in _UNPRINTED:
            waiting.extend(reversed(element))
    return "".join(text), sizes[0] if sizes else 0.0, boxes


def _add_to_table(table: Table, element: etree._Element, defaults: flow.Style) -> None:
    name = _local_name(element)
    if name == "tblGrid":
        table.columns = [_twips(column, "w") for column in element]
    elif name == "tblPr":
        table.ruling = _number(_child(_child(element, "tblBorders"), "insideH"), "sz") / _EIGHTHS
        margins = _child(element, "tblCellMar")
        table.padding = sum(_twips(_child(margins, side), "w", _PADDING / 2) for side in ("left", "right"))
    elif name == "tc":
        table.waiting += 1
    elif name == "tr":
        if _child(properties := _child(element, "trPr"), "del") is None:
            _add_row(table, element, properties, defaults)
        table.waiting = 0
        _drop(element)


def _add_row(table: Table, element: etree._Element, properties: etree._Element | None, defaults: flow.Style) -> None:
    row, above = len(table.rows), table.above
    column = _count(_child(properties, "gridBefore"), 0, _MOST_COLUMNS)
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
    inner = sum(each.height for at, nested in table.nested if at == row for each in nested.rows)
    table.rows.append(_row(properties, max(height, inner) + table.ruling, first))
    lead = "".join(texts).lstrip("\n\t ")[:1] in {BREAK, RENDERED}
    table.breaks.append((lead, max(turns, default=0) - lead))


def _slot(cell: etree._Element, table: Table, place: tuple[int, int], defaults: flow.Style) -> tuple[Slot, float, str]:
    """Return the cell, the height of its first line and its text with the marks of page breaks."""
    properties = _child(cell, "tcPr")
    colspan = _count(_child(properties, "gridSpan"), 1, _MOST_COLUMNS - place[1])
    merged = _child(properties, "vMerge")
    merge = None if merged is None else _value(merged, "val") or "continue"
    paragraphs = [each for element in _inside(cell, "p") for each in _paragraphs(element, defaults)]
    width = sum(table.columns[place[1] : place[1] + colspan]) or _twips(_child(properties, "tcW"), "w")
    set_ = [flow.wrap(each.text, width - table.padding, each.style) for each in paragraphs]
    text = "\n".join((BREAK if each.turned else "") + each.text for each in paragraphs)
    slot = Slot(*place, colspan, merge, _clean(text), sum(each.height for each in set_))
    return slot, max((each.least for each in set_[:1]), default=0.0), text


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the elements of this name, looking through what only wraps them (content controls, insertions)."""
    waiting = list(reversed(element))
    while waiting:
        inner = waiting.pop()
        if _local_name(inner) == name:
            yield inner
        elif _local_name(inner) not in _UNPRINTED:
            waiting.extend(reversed(inner))


def _clean(text: str) -> str:
    lines = (line.strip() for line in text.replace(BREAK, "\n").replace(RENDERED, "").split("\n"))
    return "\n".join(line for line in lines if line)


# The attributes that set a paragraph, a row, a page.


def _local_name(element: etree._Element | None) -> str:
    """Return the name without its namespace."""
    return "" if element is None else str(element.tag).rpartition("}")[2]


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    return next((each for each in element if _local_name(each) == name), None) if element is not None else None


def _value(element: etree._Element | None, name: str) -> str:
    """Return the attribute, which is in the namespace of its element; empty if there is none."""
    if element is None:
        return ""
    return element.get(f"{{{etree.QName(element).namespace}}}{name}", "")


def _is_on(element: etree._Element | None) -> bool:
    return element is not None and _value(element, "val") not in _OFF


def _number(element: etree._Element | None, name: str, otherwise: float = 0.0) -> float:
    text = _value(element, name)
    return float(text) if _NUMBER.fullmatch(text) else otherwise


def _twips(element: etree._Element | None, name: str, otherwise: float = 0.0) -> float:
    return _number(element, name, otherwise * _TWIPS) / _TWIPS


def _half_points(element: etree._Element | None) -> float:
    return _number(element, "val") / 2


def _count(element: etree._Element | None, least: int, most: int) -> int:
    return int(max(least, min(_number(element, "val", least), most)))


def _style(properties: etree._Element | None, size: float, defaults: flow.Style) -> flow.Style:
    spacing, indent = _child(properties, "spacing"), _child(properties, "ind")
    rule = _value(spacing, "lineRule") or ("auto" if _value(spacing, "line") else defaults.rule)
    line = _number(spacing, "line") / (_LINE if rule == "auto" else _TWIPS) or defaults.line
    mark = _child(_child(properties, "rPr"), "sz")
    return flow.Style(
        size or _half_points(mark) or defaults.size,
        _twips(spacing, "before", defaults.before),
        _twips(spacing, "after", defaults.after),
        line,
        rule,
        _twips(indent, "left") + _twips(indent, "right"),
        _twips(indent, "firstLine") - _twips(indent, "hanging"),
        _is_on(_child(properties, "keepNext")),
    )


def _row(properties: etree._Element | None, text: float, first: float) -> flow.Row:
    """Return the row whose text is so high, its first line so high."""
    asked = _child(properties, "trHeight")
    exact = _value(asked, "hRule") == "exact"
    height = _twips(asked, "val") if exact else max(text, _twips(asked, "val"))
    whole = exact or _is_on(_child(properties, "cantSplit"))
    return flow.Row(height, height if whole else min(height, first), _is_on(_child(properties, "tblHeader")))


def _section(properties: etree._Element) -> flow.Section:
    size, margin = _child(properties, "pgSz"), _child(properties, "pgMar")
    width = _twips(size, "w") - _twips(margin, "left") - _twips(margin, "right")
    height = _twips(size, "h") - abs(_twips(margin, "top")) - abs(_twips(margin, "bottom"))
    room = flow.Room(width, height) if width > 0 and height > 0 else flow.Room()
    return flow.Section(room, _value(_child(properties, "type"), "val") != "continuous")
