"""Estimate of the page on which each paragraph and table row of a DOCX starts, as a word processor would flow it.

Used only between the breaks a file marks, and only where the file does not say where its pages were broken when it was
last laid out. Lengths are in points. The widths are those of no font in particular: an ideograph is as wide as it is
high, anything else half as wide.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A line set "auto" of a CJK font takes 1.17 (SimSun) to 1.45 (Noto) times its size.
_NATURAL = 1.3
# Quotation marks, dashes and the like are as wide as an ideograph in a CJK font.
_ALSO_WIDE = frozenset("‘’“”—…·×℃≤≥①②③④⑤⑥⑦⑧⑨")
# Two lines of a paragraph stay together at the foot and at the head of a page.
_TOGETHER = 2
_ROUNDING = 0.05


@dataclass(frozen=True, slots=True)
class Style:
    """How a paragraph is set."""

    size: float = 10.5
    before: float = 0.0
    after: float = 0.0
    line: float = 1.0
    """Points where the rule is `exact` or `atLeast`, else a multiple of the natural height."""
    rule: str = "auto"
    indent: float = 0.0
    """From both sides together."""
    first: float = 0.0
    """More in the first line."""
    keep_next: bool = False

    def line_height(self) -> float:
        """Return the height of one line."""
        natural = self.size * _NATURAL
        if self.rule == "auto":
            return self.line * natural
        return max(self.line, natural) if self.rule == "atLeast" else self.line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph wrapped: what of it decides where it stands."""

    lines: int
    line_height: float
    before: float = 0.0
    after: float = 0.0
    keep_next: bool = False

    @property
    def height(self) -> float:
        """The height it takes inside a page."""
        return self.before + self.lines * self.line_height + self.after

    @property
    def least(self) -> float:
        """The height that must be left on a page for it to start there."""
        return self.before + (self.lines if self.lines <= _TOGETHER + 1 else _TOGETHER) * self.line_height


@dataclass(frozen=True, slots=True)
class Row:
    """What of a table row decides where it stands."""

    height: float = 0.0
    least: float = 0.0
    """The height that must be left on a page for it to start there; all of it if it must not be split."""
    header: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """The room for text on the pages of one section; without limit where the section does not say."""

    width: float = math.inf
    height: float = math.inf


@dataclass(frozen=True, slots=True)
class Section:
    """The pages from one section break to the next."""

    room: Room
    turns: bool = True
    """It starts on a new page."""


FLOATING = Style(line=0.0)
"""Set outside the flow, in a text box."""
UNSET = Style(line=0.0)
"""Of no matter, where nothing is estimated."""


class Flow:
    """The pen: the page it is on, and how much of that page is used."""

    def __init__(self) -> None:
        self.page = 1
        self.fresh = True
        self.room = Room()
        self._used = 0.0
        self._after = 0.0

    def turn(self) -> None:
        """Go to the next page because the file says so."""
        self.page += 1
        self.fresh = True
        self._used = self._after = 0.0

    def paragraph(self, paragraph: Paragraph, ahead: float = 0.0) -> int:
        """Set a paragraph and return the page it starts on; `ahead` is what must follow it on the same page."""
        need = paragraph.height + ahead if paragraph.keep_next else paragraph.least
        if self._used and self._used + need > self.room.height + _ROUNDING:
            self._overflow()
        started = self.page
        if not self._used and not self.fresh:
            self._used -= paragraph.before
        self._used += paragraph.before
        lines = paragraph.lines
        while lines and self._used + lines * paragraph.line_height > self.room.height + _ROUNDING:
            fits = int((self.room.height + _ROUNDING - self._used) // paragraph.line_height)
            fits = max(1, min(fits, lines - _TOGETHER))
            lines -= fits
            if lines:
                self._overflow()
        self._used += lines * paragraph.line_height + paragraph.after
        self.fresh = False
        return started

    def rows(self, rows: Sequence[Row], breaks: Sequence[tuple[bool, int]]) -> list[int]:
        """Set a table and return the page each row starts on.

        Of each row `breaks` says whether it starts on a new page, and how many page breaks are marked inside it.
        """
        repeated, pages = header_height(rows), []
        if rows and self._used and self._used + least(rows) > self.room.height + _ROUNDING:
            self._overflow()
        for row, (lead, turns) in zip(rows, breaks, strict=True):
            if lead and not self.fresh:
                self.turn()
            pages.append(self._row(row, 0.0 if row.header else repeated))
            for _ in range(turns):
                self.turn()
                self.fresh = False
        return pages

    def _row(self, row: Row, repeated: float) -> int:
        if self._used and self._used + row.least > self.room.height + _ROUNDING:
            self._overflow()
            self._used = repeated
        started = self.page
        left = row.height
        while left > self.room.height - self._used + _ROUNDING and self.room.height > repeated:
            left -= self.room.height - self._used
            self._overflow()
            self._used = repeated
        self._used += left
        self.fresh = False
        return started

    def _overflow(self) -> None:
        self.page += 1
        self.fresh = False
        self._used = 0.0


def wrap(text: str, width: float, style: Style) -> Paragraph:
    """Return the paragraph set in a column of this width."""
    if style is UNSET:
        return Paragraph(0, 0.0)
    room = width - style.indent
    lines = sum(_n_lines(line, room, style) for line in text.split("\n")) if room > style.size else 1
    return Paragraph(lines, style.line_height(), style.before, style.after, style.keep_next)


def header_height(rows: Sequence[Row]) -> float:
    """Return the height of the rows that are repeated on each page."""
    return sum(row.height for row in takewhile(lambda row: row.header, rows))


def least(rows: Sequence[Row]) -> float:
    """Return the height that must be left on a page for the table to start there: its header and a row."""
    first = next((row.least for row in rows if not row.header), 0.0)
    return header_height(rows) + first


def grown(row: Row, missing: float) -> Row:
    """Return the row made higher by what a merged cell lacks."""
    return replace(row, height=row.height + missing, least=row.least + missing) if missing > 0 else row


def _n_lines(text: str, width: float, style: Style) -> int:
    if style.first + len(text) * style.size <= width:
        return 1
    lines, used = 1, style.first
    for ems in _units(text):
        size = ems * style.size
        if used and used + size > width + _ROUNDING:
            lines, used = lines + 1, 0.0
        while size > width + _ROUNDING:
            lines, size = lines + 1, size - width
        used += size
    return lines


def _units(text: str) -> list[float]:
    """Return the widths in ems of the pieces that no line break may cut."""
    units: list[float] = []
    before = " "
    for character in text:
        size = 1.0 if _is_wide(character) else 0.5
        if units and not _breakable(before, character):
            units[-1] += size
        else:
            units.append(size)
        before = character
    return units


def _breakable(before: str, after: str) -> bool:
    """Return whether a line may end between the two: not before a closing mark, nor inside a Latin word."""
    if unicodedata.category(after) in {"Pe", "Pf", "Po"} or unicodedata.category(before) in {"Ps", "Pi"}:
        return False
    return _is_wide(before) or _is_wide(after) or before.isspace()


def _is_wide(character: str) -> bool:
    """Return whether the character is as wide as an ideograph."""
    return unicodedata.east_asian_width(character) in "WF" or character in _ALSO_WIDE
