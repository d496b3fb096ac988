"""Figures in doubt are read again, cleared of what is faint; where two readings differ, both are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from structurer.ocr import recogniser, stamp
from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.ocr.extra import Pixels
    from structurer.ocr.recogniser import Reading

UNREADABLE = "\ufffd"
"""Stands for a line that says nothing though there is ink."""
# A figure read with less confidence is read again.
_SURE = 0.9
# With less than this it is worth little: a second reading that is sure has more digits or fewer for a reason.
_UNSURE = 0.6
# What is read with less confidence beside a figure is hardly text.
_HARDLY = 0.75
# The second time only what is this dark (of 255) is print, and what is so near to it (share of the line's height).
_DARK, _NEAR = 110, 0.06
# And print darker than the first is black, the rest the second times as light.
_BLACK, _BRIGHTER = 60, 1.5
# What is left of a line after that has so much white above and below, and at its sides (shares of its height).
_ABOVE, _BESIDE = 0.12, 0.33
_DIGIT = re.compile(r"\d")
# Digits and what stands among them; a letter would make it a code or a text.
_FIGURE_LIKE = re.compile(r"[-\u2212\u25b3]?[\d,.，．·:;'\s]*\d[\d,.，．·:;'\s]*[%％]?")
# What an indicator must reach: clearing has been seen to make of its sign a digit, or nothing.
_TARGET = re.compile(r"[≥≤><≧≦＞＜=＝±].*")
_FIGURE = re.compile(r"[-\u2212\u25b3]?(\d{1,3}([,，]\d{3})+|\d+)([.．]\d+)?[%％]?")
# What a mark between digits can be, and how many digits follow it: three in thousands, else decimals.
_MARK = re.compile(r"\s*[,.，．·:;'\s]\s*")
_THOUSAND = 3


def read(lines: Sequence[Pixels], stamped: Mapping[int, float]) -> list[tuple[Reading, str]]:
    """Return what each line says, and what a second reading says, which is empty where there was none.

    `stamped` are the lines that lie under a stamp without colour, by how dark that is: what is darker is print.
    """
    found = [(reading, "") for reading in recogniser.read(lines)]
    again = [number for number, (reading, _) in enumerate(found) if number in stamped or _in_doubt(reading)]
    seconds = recogniser.read([_cleared(lines[n], min(_DARK, stamp.DARKER * stamped.get(n, 255))) for n in again])
    for number, second in zip(again, seconds, strict=True):
        found[number] = _settled(found[number][0], second, trusted=number in stamped)
    return found


def without_remnants(area: Sequence[tuple[Reading, str]]) -> list[tuple[Reading, str]]:
    """Return the lines of one cell without what is hardly read, where one figure in it is read for sure.

    What surrounds a figure so is what is left of a stamp, or dirt. The figure is in doubt then: its other reading has
    all that stands there. What is dropped comes back as an empty line.
    """
    sure = [n for n, (reading, _) in enumerate(area) if reading.confidence >= _SURE and _is_figure(reading.text)]
    rest = [reading for n, (reading, _) in enumerate(area) if n not in sure]
    if len(sure) != 1 or not rest or any(reading.confidence >= _HARDLY for reading in rest):
        return list(area)
    kept = area[sure[0]][0]
    whole = "".join(reading.text or UNREADABLE for reading, _ in area)
    return [(kept, whole) if n == sure[0] else (recogniser.NOTHING, "") for n in range(len(area))]


def _in_doubt(reading: Reading) -> bool:
    if not _DIGIT.search(reading.text):
        return False
    return reading.confidence < _SURE or _is_misshapen(reading.text)


def _is_misshapen(text: str) -> bool:
    return bool(_FIGURE_LIKE.fullmatch(text)) and not _FIGURE.fullmatch(text)


def _cleared(line: Pixels, dark: float) -> Pixels:
    """Return the line without what is faint: specks, and what is left of a stamp."""
    reach = 2 * max(1, round(_NEAR * line.shape[0])) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    print_ = cv2.dilate((line < dark).astype(np.uint8), disc) > 0
    if not print_.any():
        return line
    rows, columns = np.flatnonzero(print_.any(axis=1)), np.flatnonzero(print_.any(axis=0))
    kept = np.where(print_, line, np.uint8(255))[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    kept = np.clip((kept.astype(np.float32) - _BLACK) * _BRIGHTER, 0, 255).astype(np.uint8)
    above, beside = round(_ABOVE * kept.shape[0]), round(_BESIDE * kept.shape[0])
    return cv2.copyMakeBorder(kept, above, above, beside, beside, cv2.BORDER_CONSTANT, value=255)


def _settled(first: Reading, second: Reading, *, trusted: bool) -> tuple[Reading, str]:
    """Return the reading to go by and the other; alike, they are as sure as the first of them.

    The second is `trusted` where a stamp was taken away for it.
    """
    if first.text == second.text and not _is_misshapen(first.text):
        return first, second.text
    better, other = first, second
    if _is_figure(_shaped(second.text)):
        digits = [len(_DIGIT.findall(reading.text)) for reading in (first, second)]
        surer = second.confidence > first.confidence
        much = second.confidence >= _SURE and first.confidence < _UNSURE
        alike = digits[0] == digits[1] > 1 or not _FIGURE_LIKE.fullmatch(first.text)
        if trusted or (not _TARGET.fullmatch(first.text) and (much or (surer and alike))):
            better, other = second, first
    return replace(better, text=_shaped(better.text)), other.text or UNREADABLE


def _is_figure(text: str) -> bool:
    return bool(_FIGURE.fullmatch(text))


def _shaped(text: str) -> str:
    """Return a figure with its marks as they must be: a comma before three digits, a point before the last ones.

    >>> _shaped("1.823.2"), _shaped("74,5"), _shaped("142 00"), _shaped("1.234,567"), _shaped("12,34,5")
    ('1,823.2', '74.5', '142.00', '1.234,567', '12,34,5')
    """
    if not _is_misshapen(text):
        return text
    parts = _MARK.split(text)
    whole, last = parts[:-1], parts[-1]
    if len(last.rstrip("%％")) == _THOUSAND or any(len(part) != _THOUSAND for part in whole[1:]):
        return text
    shaped = f"{','.join(whole)}.{last}"
    return shaped if _FIGURE.fullmatch(shaped) else text
