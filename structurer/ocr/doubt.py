"""Figures in doubt are read again, in another light; where two readings differ, both are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from structurer.ocr import recogniser
from structurer.ocr.extra import np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.ocr.extra import Pixels
    from structurer.ocr.recogniser import Reading

# A figure read with less confidence is read again.
_SURE = 0.9
# In the second light print darker than the first (of 255) is black, and the second times as lighter is the rest.
_BLACK, _BRIGHTER = 60, 1.5
_DIGIT = re.compile(r"\d")
# Digits and what stands among them; a letter would make it a code or a text.
_FIGURE_LIKE = re.compile(r"[-\u2212\u25b3(（]?[\d,.，．·:;'\s]*\d[\d,.，．·:;'\s]*[%％)）]?")
_FIGURE = re.compile(r"[-\u2212\u25b3(（]?(\d{1,3}([,，]\d{3})+|\d+)([.．]\d+)?[%％)）]?")
# What a mark between digits can be, and how many digits follow it: three in thousands, else decimals.
_MARK = re.compile(r"\s*[,.，．·:;'\s]\s*")
_THOUSAND = 3


def read(lines: Sequence[Pixels]) -> list[tuple[Reading, str]]:
    """Return what each line says, and what a second reading says, which is empty where there was none."""
    found = [(reading, "") for reading in recogniser.read(lines)]
    again = [number for number, (reading, _) in enumerate(found) if _in_doubt(reading)]
    seconds = recogniser.read([_lighter(lines[number]) for number in again])
    for number, second in zip(again, seconds, strict=True):
        found[number] = _settled(found[number][0], second)
    return found


def _in_doubt(reading: Reading) -> bool:
    if not _DIGIT.search(reading.text):
        return False
    return reading.confidence < _SURE or _is_misshapen(reading.text)


def _is_misshapen(text: str) -> bool:
    return bool(_FIGURE_LIKE.fullmatch(text)) and not _FIGURE.fullmatch(text)


def _lighter(line: Pixels) -> Pixels:
    return np.clip((line.astype(np.float32) - _BLACK) * _BRIGHTER, 0, 255).astype(np.uint8)


def _settled(first: Reading, second: Reading) -> tuple[Reading, str]:
    """Return the reading to go by and the other; alike, they are as sure as the surer of them."""
    if first.text == second.text and not _is_misshapen(first.text):
        return replace(first, confidence=max(first.confidence, second.confidence)), second.text
    better, other = first, second
    if _is_figure(second.text) and (not _is_figure(first.text) or second.confidence > first.confidence):
        better, other = second, first
    if _is_misshapen(better.text):
        return replace(better, text=_shaped(better.text)), better.text
    return better, other.text or better.text


def _is_figure(text: str) -> bool:
    return bool(_FIGURE.fullmatch(text))


def _shaped(text: str) -> str:
    """Return a figure with its marks as they must be: a comma before three digits, a point before the last ones.

    >>> _shaped("1.823.2"), _shaped("74,5"), _shaped("142 00"), _shaped("1.234,567"), _shaped("12,34,5")
    ('1,823.2', '74.5', '142.00', '1.234,567', '12,34,5')
    """
    parts = _MARK.split(text)
    whole, last = parts[:-1], parts[-1]
    if len(last.rstrip("%％)）")) == _THOUSAND or any(len(part) != _THOUSAND for part in whole[1:]):
        return text
    shaped = f"{','.join(whole)}.{last}"
    return shaped if _FIGURE.fullmatch(shaped) else text
