"""A picture to words and rulings, from the first step to the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer.ocr import (
    Scan,
    crops,
    doubt,
    lines,
    paper,
    pixels,
    recogniser,
    regions,
    rules,
    seal,
    skew,
    stamp,
    turning,
)
from structurer.ocr.extra import cv2, np
from structurer.records import Box, Ruling, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structurer.ocr.extra import Pixels
    from structurer.ocr.lines import Strip
    from structurer.ocr.recogniser import Reading
    from structurer.ocr.regions import Area
    from structurer.ocr.rules import Rules
    from structurer.ocr.stamp import Stamp
    from structurer.records import Picture

FAULTS = (ArithmeticError, LookupError, RuntimeError, ValueError, cv2.error, recogniser.FAULT)
"""What a picture like no other may raise in the packages; it costs the page and not the document."""
# A word is at least this high (share of a character): a dash is no thinner line of text than others.
_LOWEST = 0.6
# A page whose characters are read with less confidence than this holds something else than text.
_TEXT = 0.5
# A page whose characters are read with more confidence than this is not upside down.
_UPRIGHT = 0.93
# A page with more lines of text than this is a picture of something else.
_MOST = 6000
# So many pixels a point are enough to see which way lines run.
_COARSE = 1.5
# Under a stamp that could not be lifted nothing is read with more confidence.
_STAMPED = 0.6


@dataclass(frozen=True)
class Look:
    """A page in grey, and how it looks where rules are searched for, if that differs."""

    grey: Pixels
    ruled: Pixels | None

    @property
    def for_rules(self) -> Pixels:
        """The grey in which rules are searched for."""
        return self.grey if self.ruled is None else self.ruled

    def changed(self, change: Callable[[Pixels], Pixels]) -> Look:
        """Return both turned or straightened in one way."""
        grey = np.ascontiguousarray(change(self.grey))
        return Look(grey, None if self.ruled is None else np.ascontiguousarray(change(self.ruled)))


@dataclass(frozen=True)
class Found:
    """A straightened page: its lines of text, where they are and how they look."""

    grey: Pixels
    rules: Rules
    stamps: list[Stamp]
    """Those without colour."""
    areas: list[Area]
    em: float

    @property
    def crops(self) -> list[Pixels]:
        """The lines of text as pictures."""
        return [crops.crop(self.grey, strip, self.em) for area in self.areas for strip in area.strips]


def recognise(picture: Picture) -> Scan:
    """Return the words and rulings of a picture, or the reason why there are none."""
    taken = pixels.picture_to_pixels(picture)
    if isinstance(taken, str):
        return _unread(picture, taken)
    colours, unit = taken
    grey, ruled = seal.colours_to_greys(colours, unit)
    fault = paper.fault(grey)
    if fault:
        return _unread(picture, fault)
    sheet = Look(paper.evened(grey, unit), None if ruled is grey else paper.evened(ruled, unit))
    fault = paper.fault(sheet.grey)
    if fault:
        return _unread(picture, fault)
    turned = 0
    askew = skew.angle(sheet.grey < paper.INK)
    sheet = sheet.changed(lambda grey: skew.straightened(grey, askew))
    found = _found(sheet, unit)
    if _lies_on_its_side(found.grey, unit):
        sheet, turned = sheet.changed(lambda grey: np.rot90(grey, 3)), 90
        found = _found(sheet, unit)
    if sum(len(area.strips) for area in found.areas) > _MOST:
        return _unread(picture, "no_text")
    words = tuple(_words(found, unit))
    if _sure(words) <= _UPRIGHT and turning.is_upside_down(found.crops):
        turned = (turned + 180) % 360
        found = _found(sheet.changed(lambda grey: grey[::-1, ::-1]), unit)
        words = tuple(_words(found, unit))
    height, width = found.grey.shape
    reason = None if _sure(words) >= _TEXT else "no_text"
    return Scan(words, tuple(_rulings(found.rules, unit)), width / unit, height / unit, turned, -askew, reason)


def _lies_on_its_side(clean: Pixels, unit: float) -> bool:
    """Tell it of a page without rules."""
    scale = min(1.0, _COARSE / unit)
    small = cv2.resize(clean, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = (small < paper.INK).astype(np.uint8)
    return turning.lies_on_its_side(ink, lines.character_height(ink, unit * scale))


def _found(look: Look, unit: float) -> Found:
    """Return the lines of text and the rules of a straightened page."""
    ruled = rules.find(look.for_rules, unit)
    clean = np.where(ruled.mask > 0, np.uint8(255), look.grey)
    stamps = stamp.find(clean, unit)
    raw = (clean < paper.INK).astype(np.uint8)
    ink = stamp.without(raw, clean, stamps, unit)
    em = lines.character_height(ink, unit)
    return Found(clean, ruled, stamps, regions.areas(ink, raw, ruled, unit, em), em)


def _words(found: Found, unit: float) -> list[Word]:
    strips = [strip for area in found.areas for strip in area.strips]
    under = {n: cover.level for n, strip in enumerate(strips) for cover in found.stamps if _covers(cover, strip)}
    readings = iter(doubt.read(found.crops, under))
    words = []
    for area in found.areas:
        own = [next(readings) for _ in area.strips]
        own = doubt.without_remnants(own) if area.inside else own
        words += [
            Word(reading.text, _box(strip, found.em, unit), _confidence(reading, strip, found.stamps), other)
            for strip, (reading, other) in zip(area.strips, own, strict=True)
            if reading.text
        ]
        if area.inside and not any(reading.text for reading, _ in own):
            words += [Word(doubt.UNREADABLE, _box(strip, found.em, unit), 0.0) for strip in _unread_ink(area, found)]
    return words


def _unread_ink(area: Area, found: Found) -> list[Strip]:
    """Return what may be text in a cell that says nothing: ink as high as text, and any under a stamp."""
    tall = [strip for strip in area.strips if _is_tall(strip, found.em)]
    return tall or [area.ink] * any(_covers(cover, area.ink) for cover in found.stamps)


def _confidence(reading: Reading, strip: Strip, stamps: Sequence[Stamp]) -> float:
    covered = any(_covers(cover, strip) for cover in stamps)
    return round(min(reading.confidence, _STAMPED) if covered else reading.confidence, 4)


def _covers(cover: Stamp, strip: Strip) -> bool:
    return cover.covers(strip.x0, strip.top, strip.x1, strip.bottom)


def _is_tall(strip: Strip, em: float) -> bool:
    return strip.bottom - strip.top >= _LOWEST * em


def _sure(words: Sequence[Word]) -> float:
    """Return the confidence of the characters of a page in the middle."""
    count = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / max(1, count)


def _box(strip: Strip, em: float, unit: float) -> Box:
    more = max(0.0, (_LOWEST * em - (strip.bottom - strip.top)) / 2)
    return Box(strip.x0 / unit, (strip.top - more) / unit, strip.x1 / unit, (strip.bottom + more) / unit)


def _rulings(ruled: Rules, unit: float) -> list[Ruling]:
    flat = [Ruling(s.start / unit, s.at / unit, s.end / unit, s.at / unit) for s in ruled.flat]
    return flat + [Ruling(s.at / unit, s.start / unit, s.at / unit, s.end / unit) for s in ruled.upright]


def _unread(picture: Picture, reason: str) -> Scan:
    width, height = picture.points
    return Scan((), (), width, height, 0, 0.0, reason)
