"""Whether the text layer of a page can be trusted: what is cheap to see, without looking at the rendered page."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import pymupdf

from structurer.records import FONTS, HIDDEN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Private characters and characters without meaning: no text has them by right, save a bullet or a tick here and there.
_BAD = "\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\ue000-\\uf8ff\\ufffd\\U000f0000-\\U0010ffff"
_UNREADABLE = re.compile(f"[{_BAD}]")
# A figure with such a character in it; one before a figure is a bullet.
_FIGURE = re.compile(f"(?=.*[0-9.,%])(?=..*[{_BAD}])[-(]?[0-9.,{_BAD}]+[%)]?\\Z", re.DOTALL)
# Above this share of a page's characters they are no bullets.
_SHARE = 0.1
# Pictures over more of the page than this are the page.
_MOST_OF_PAGE = 0.5
# Text may lie behind a picture of at least this share of the page.
_STRIP = 0.01
_TEXT = frozenset({"fill-text", "stroke-text"})
_SECTION = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)
_CHAR = re.compile(rb"<\s*([0-9A-Fa-f]+)\s*>\s*<([0-9A-Fa-f\s]*)>")
_RANGE = re.compile(rb"<\s*([0-9A-Fa-f]+)\s*>\s*<\s*([0-9A-Fa-f]+)\s*>\s*(?:<([0-9A-Fa-f\s]*)>|\[(.*?)\])", re.DOTALL)
_ITEM = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_ZERO, _NINE = ord("0"), ord("9")
# A font that uses no more than this share of its codes, or maps this share in rising order, keeps an order of its own.
_SPARSE, _RISING = 0.5, 0.8
# Digits at most so many codes apart that are the same are one block of ten digits.
_BLOCK = 10
# With fewer other characters there is no telling whether a font keeps an order.
_FEW = 8
_FAULTS = (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError)

Run = tuple[int, int, int]
"""Codes from the first to the second stand for characters from the third on."""


def unreadable(texts: Sequence[str]) -> str | None:
    r"""Return why words cannot be what is displayed: too many characters without meaning, or one inside a figure.

    >>> unreadable(["\ue0a1,\ue0a2\ue0a3.50"])
    'unknown_characters: 3'
    >>> unreadable(["\uf06c1.5", "other", "words"])
    """
    whole = "".join(texts)
    count = len(_UNREADABLE.findall(whole))
    if count and (count > _SHARE * len(whole) or any(map(_FIGURE.match, texts))):
        return f"{UNKNOWN}: {count}"
    return None


def covered(page: pymupdf.Page) -> bool:
    """Tell whether pictures cover most of a page: a scan, perhaps in strips."""
    whole = page.mediabox & page.cropbox
    boxes = [pymupdf.Rect(image["bbox"]) & (page.rect * page.derotation_matrix) for image in page.get_image_info()]
    return float(sum(box.get_area() for box in boxes if not box.is_empty)) > _MOST_OF_PAGE * float(whole.get_area())


def hidden(page: pymupdf.Page) -> str | None:
    """Return why the text of a page covered by pictures is not what is displayed: most of it is invisible or behind."""
    glass = {_rounded(image["bbox"]) for image in page.get_image_info() if image.get("has-mask")}
    least = _STRIP * page.mediabox.get_area()
    above: list[pymupdf.Rect] = []
    seen = unseen = 0.0
    for kind, box, *_ in reversed(page.get_bboxlog()):
        rect = pymupdf.Rect(box)
        if kind == "fill-image" and rect.get_area() > least and _rounded(box) not in glass:
            above.append(rect)
        elif kind == "ignore-text" or (kind in _TEXT and any(_within(rect, picture) for picture in above)):
            unseen += rect.get_area()
        elif kind in _TEXT:
            seen += rect.get_area()
    return HIDDEN if unseen > seen else None


def _rounded(box: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(side) for side in box)


def _within(rect: pymupdf.Rect, picture: pymupdf.Rect) -> bool:
    """Tell whether a picture covers the middle of a text."""
    return bool((rect.tl + rect.br) / 2 in picture)


class Fonts:
    """The fonts of a document that may map codes to other digits than they display.

    A font that keeps the order of its glyphs has its digits in a row; where they are mapped otherwise, somebody
    exchanged them. A font whose glyphs are numbered as they were used (LibreOffice, Cairo, macOS) has no such order:
    nothing cheap tells whether its map lies, and this does not.
    """

    def __init__(self, document: pymupdf.Document) -> None:
        self._document = document
        self._of_resources: dict[str, bool] = {}
        self._of_font: dict[int, bool] = {}

    def suspect(self, page: pymupdf.Page) -> str | None:
        """Return why what the fonts of a page display should be compared with its text layer, if so."""
        kind, resources = self._document.xref_get_key(page.xref, "Resources")
        if kind == "null" or resources not in self._of_resources:
            found = any(self._exchanged(font[0]) for font in page.get_fonts())
            if kind == "null":
                return FONTS if found else None
            self._of_resources[resources] = found
        return FONTS if self._of_resources[resources] else None

    def _exchanged(self, xref: int) -> bool:
        if xref not in self._of_font:
            self._of_font[xref] = exchanged(list(_runs(self._map(xref))))
        return self._of_font[xref]

    def _map(self, xref: int) -> bytes:
        try:
            kind, value = self._document.xref_get_key(xref, "ToUnicode") if xref else ("null", "")
            return self._document.xref_stream(int(value.split()[0])) or b"" if kind == "xref" else b""
        except _FAULTS:
            return b""


def exchanged(runs: Sequence[Run]) -> bool:
    """Tell whether a map with an order of its own has its digits not in a row.

    >>> exchanged([(3, 18, 32), (19, 28, 48), (500, 500, 0x4E00)])
    False
    >>> exchanged([(3, 18, 32), (19, 20, 48), (21, 21, 51), (22, 22, 50), (500, 500, 0x4E00)])
    True
    """
    codes = sorted(
        (first + char - start, char)
        for first, last, start in runs
        for char in range(max(start, _ZERO), min(start + last - first, _NINE) + 1)
    )
    if len(codes) < 2 or not _ordered(runs):  # noqa: PLR2004  one digit has no order
        return False
    # A font may have further sets of digits far from the first: old style, small ones.
    near = ((one, other) for one, other in pairwise(codes) if other[0] - one[0] < _BLOCK)
    return any(other[0] - one[0] != other[1] - one[1] for one, other in near)


def _ordered(runs: Sequence[Run]) -> bool:
    others = sorted(run for run in runs if not _ZERO <= run[2] <= _NINE)
    used = sum(last - first + 1 for first, last, _ in runs)
    if used <= _SPARSE * max(last for _, last, _ in runs):
        return True
    rising = sum(one[2] < other[2] for one, other in pairwise(others))
    return len(others) >= _FEW and rising >= _RISING * (len(others) - 1)


def _runs(mapping: bytes) -> Iterator[Run]:
    """Yield the runs of a ToUnicode map; ligatures, which stand for several characters, are left out."""
    for kind, section in _SECTION.findall(mapping):
        if kind == b"bfchar":
            yield from _kept((code, code, to) for code, to in _CHAR.findall(section))
            continue
        for first, last, to, items in _RANGE.findall(section):
            listed = enumerate(_ITEM.findall(items), int(first, 16))
            yield from _kept(chain([(first, last, to)], ((b"%x" % code, b"%x" % code, item) for code, item in listed)))


def _kept(found: Iterable[tuple[bytes, bytes, bytes]]) -> Iterator[Run]:
    for first, last, to in found:
        text = b"".join(to.split())
        if 0 < len(text) <= 4:  # noqa: PLR2004  one UTF-16 unit
            yield int(first, 16), int(last, 16), int(text, 16)
