"""Pages as pictures: image files, whose pages are nothing else, and the pages of a PDF as they are displayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymupdf

from structurer import errors
from structurer.records import How, Page, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_TEXT = "no_text_layer"
# Dots per inch of a page that does not say at what resolution it was scanned, and the least and most it is drawn at.
_USUAL, _LEAST, _MOST = 200.0, 72.0, 300.0
# A larger picture is drawn smaller: no page needs more pixels.
_MOST_PIXELS = 36_000_000
_POINTS = 72.0
_FAULTS = (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError, IndexError)


def pages(path: Path) -> Iterator[Page]:
    """Yield the pages of an image file, unread; raises DocumentError if it is none."""
    try:
        with pymupdf.open(str(path)) as document:
            sizes = [(page.rect.width, page.rect.height) for page in document]
    except _FAULTS as error:
        raise errors.DocumentError(str(path), "the image is damaged and cannot be opened") from error
    if not sizes:
        raise errors.DocumentError(str(path), "the image has no page")
    for number, (width, height) in enumerate(sizes, 1):
        yield Page(number, width, height, How.UNREAD, reason=NO_TEXT)


def picture(path: Path, number: int) -> Picture | None:
    """Return a page (from 1) at about the resolution it was scanned at; None if it cannot be drawn."""
    try:
        with pymupdf.open(str(path)) as document:
            page = document[number - 1]
            dpi = min(_resolution(page), _fitting(page))
            drawn = page.get_pixmap(dpi=max(1, round(dpi)), colorspace=pymupdf.csRGB, alpha=False)
            return Picture(bytes(drawn.samples), drawn.width, drawn.height, (page.rect.width, page.rect.height))
    except (*_FAULTS, MemoryError):
        return None


def _resolution(page: pymupdf.Page) -> float:
    """Return the dots per inch of the largest picture on a page."""
    found = [
        (abs((box[2] - box[0]) * (box[3] - box[1])), image["width"] * _POINTS / max(abs(box[2] - box[0]), 1.0))
        for image in page.get_image_info()
        for box in [image["bbox"]]
    ]
    # A page that is turned shows the height of its picture as its width: their resolutions are the same.
    return min(max(max(found)[1], _LEAST), _MOST) if found else _USUAL


def _fitting(page: pymupdf.Page) -> float:
    """Return the dots per inch at which a page has the most pixels that are drawn."""
    area = max(page.rect.width * page.rect.height, 1.0)
    return float((_MOST_PIXELS / area) ** 0.5 * _POINTS)
