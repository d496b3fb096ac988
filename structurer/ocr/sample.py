"""A few figures of a text layer, compared with what the page displays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from structurer.ocr import crops, pixels, recogniser
from structurer.ocr.extra import cv2
from structurer.ocr.lines import Strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.ocr.extra import Pixels
    from structurer.records import Picture, Word

# So many figures are read again; those with fewer digits tell little.
_SAMPLE, _DIGITS = 12, 2
_FIGURE = re.compile(r"[-(]?[0-9][0-9.,]*[%)]?\Z")
_NO_DIGIT = re.compile(r"[^0-9]")
# What is read with less confidence says nothing.
_SURE = 0.9
# One figure may be misread; more than this share of the sample, and more than one, is no misreading.
_MISREAD = 0.2


def agrees(picture: Picture, words: Sequence[Word]) -> bool:
    """Tell whether figures spread over a page are displayed as its text layer says; boxes are of the page as displayed.

    Only figures are compared: exchanged letters are not seen. A page with no figure that can be compared agrees.
    """
    taken = pixels.picture_to_pixels(picture)
    chosen = _spread([word for word in words if _is_figure(word)])
    if isinstance(taken, str) or not chosen:
        return True
    colours, unit = taken
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    readings = recogniser.read([_cut(grey, word, unit) for word in chosen])
    read = [(word, reading) for word, reading in zip(chosen, readings, strict=True) if reading.confidence >= _SURE]
    other = sum(_digits(word.text) != _digits(reading.text) for word, reading in read)
    return other <= max(_MISREAD * len(read), 1 if len(read) > 2 else 0)  # noqa: PLR2004  of two, none is misread


def _is_figure(word: Word) -> bool:
    lies = word.box.x1 - word.box.x0 > word.box.bottom - word.box.top
    return lies and bool(_FIGURE.match(word.text)) and len(_digits(word.text)) >= _DIGITS


def _spread(words: Sequence[Word]) -> list[Word]:
    """Return so many words, at even steps."""
    count = min(_SAMPLE, len(words))
    return [words[at * len(words) // count] for at in range(count)]


def _cut(grey: Pixels, word: Word, unit: float) -> Pixels:
    box, (height, width) = word.box, grey.shape
    x0, top = max(0, round(box.x0 * unit)), max(0, round(box.top * unit))
    x1, bottom = min(width, round(box.x1 * unit)), min(height, round(box.bottom * unit))
    # A word beyond the edge of the page is a strip of paper.
    strip = Strip(min(x0, width - 1), min(top, height - 1), max(x1, x0 + 1), max(bottom, top + 1))
    return crops.crop(grey, strip, strip.bottom - strip.top)


def _digits(text: str) -> str:
    return _NO_DIGIT.sub("", text)
