"""What the attributes of a DOCX say of a paragraph, a row, a page: numbers in points, switches, how text is set."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from structurer.document import docx_flow as flow

if TYPE_CHECKING:
    from lxml import etree

_OFF = frozenset({"0", "false", "off"})
# Parts of a point, and of a line, that the attributes count.
_TWIPS, _EIGHTHS, _LINE = 20.0, 8.0, 240.0
# A row can be asked to be this high, in Word; a page has room for a line or two at least.
_MOST_HEIGHT, _LEAST_ROOM = 1584.0, 36.0
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?")


@functools.lru_cache(maxsize=1000)
def _split(tag: str) -> tuple[str, str]:
    """Return the namespace, in its braces, and the local name."""
    space, brace, name = tag.rpartition("}")
    return space + brace, name


def local_name(element: etree._Element | None) -> str:
    """Return the name without its namespace."""
    return "" if element is None else _split(str(element.tag))[1]


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """Return the first child of this name."""
    if element is None or not len(element):
        return None
    wanted = _split(str(element.tag))[0] + name
    for each in element:
        if each.tag == wanted:
            return each
    return None


def value(element: etree._Element | None, name: str) -> str:
    """Return the attribute, which is in the namespace of its element; empty if there is none."""
    return "" if element is None else element.get(_split(str(element.tag))[0] + name, "")


def is_on(element: etree._Element | None) -> bool:
    """Return whether the switch is there and not turned off."""
    return element is not None and value(element, "val") not in _OFF


def number(element: etree._Element | None, name: str, otherwise: float = 0.0) -> float:
    """Return the attribute as a number; what is none counts as absent."""
    text = value(element, name)
    return float(text) if _NUMBER.fullmatch(text) else otherwise


def twips(element: etree._Element | None, name: str, otherwise: float = 0.0) -> float:
    """Return the attribute, in twentieths of a point, in points."""
    return number(element, name, otherwise * _TWIPS) / _TWIPS


def eighths(element: etree._Element | None) -> float:
    """Return the width of a border in points."""
    return number(element, "sz") / _EIGHTHS


def half_points(element: etree._Element | None) -> float:
    """Return the size in points."""
    return number(element, "val") / 2


def count(element: etree._Element | None, least: int, most: int) -> int:
    """Return the number, no less and no more than makes sense."""
    return int(max(least, min(number(element, "val", least), most)))


def style(properties: etree._Element | None, size: float, defaults: flow.Style) -> flow.Style:
    """Return how a paragraph is set whose first run has this size (0 where it does not say)."""
    if defaults is flow.UNSET:
        return defaults
    spacing, indent = child(properties, "spacing"), child(properties, "ind")
    rule = value(spacing, "lineRule") or ("auto" if value(spacing, "line") else defaults.rule)
    line = number(spacing, "line") / (_LINE if rule == "auto" else _TWIPS) or defaults.line
    mark = child(child(properties, "rPr"), "sz")
    return flow.Style(
        size or half_points(mark) or defaults.size,
        twips(spacing, "before", defaults.before),
        twips(spacing, "after", defaults.after),
        line,
        rule,
        twips(indent, "left") + twips(indent, "right"),
        twips(indent, "firstLine") - twips(indent, "hanging"),
        is_on(child(properties, "keepNext")),
    )


def row(properties: etree._Element | None, text: float, first: float) -> flow.Row:
    """Return the row whose text is so high, its first line so high."""
    if properties is None:
        return flow.Row(text, min(text, first))
    asked = child(properties, "trHeight")
    exact = value(asked, "hRule") == "exact"
    height = min(twips(asked, "val"), _MOST_HEIGHT)
    height = height if exact else max(text, height)
    whole = exact or is_on(child(properties, "cantSplit"))
    return flow.Row(height, height if whole else min(height, first), is_on(child(properties, "tblHeader")))


def section(properties: etree._Element) -> flow.Section:
    """Return the section that the properties end."""
    size, margin = child(properties, "pgSz"), child(properties, "pgMar")
    width = twips(size, "w") - twips(margin, "left") - twips(margin, "right")
    height = twips(size, "h") - abs(twips(margin, "top")) - abs(twips(margin, "bottom"))
    room = flow.Room(width, height) if min(width, height) >= _LEAST_ROOM else flow.Room()
    return flow.Section(room, value(child(properties, "type"), "val") != "continuous")
