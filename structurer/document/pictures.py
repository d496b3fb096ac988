"""Pages as pictures: image files, whose pages are nothing else, and the pages of a PDF as they are displayed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pymupdf

from structurer import errors
from structurer.document import large
from structurer.records import How, Page, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_TEXT, TOO_LARGE = "no_text_layer", "too_large"
# Dots per inch of a page that does not say at what resolution it was scanned, and the least and most it is drawn at.
_USUAL, _LEAST, _MOST = 200.0, 72.0, 300.0
# A larger picture is drawn smaller: no page needs more pixels.
_MOST_PIXELS = 36_000_000
# A larger PNG is drawn in pieces; one larger than the second number that has to be decoded whole is left alone.
_LARGE, _MOST_DECODED = 36_000_000, 300_000_000
# Pictures over less of a page than this are not the page.
_MOST_OF_PAGE = 0.5
_POINTS = 72.0
_WHITE = 255
# An image longer than A3, or finer than any scan and shorter than a hand, has its resolution wrong: it is taken for A4.
_LONGEST, _SHORTEST, _FINEST, _A4 = 16.6 * _POINTS, 4.0 * _POINTS, 620.0, 841.89
_FAULTS = (
    pymupdf.FileDataError,
    pymupdf.FileNotFoundError,
    pymupdf.mupdf.FzErrorBase,
    RuntimeError,
    ValueError,
    IndexError,
    OSError,
)


def pages(path: Path) -> Iterator[Page]:
    """Yield the pages of an image file, unread; raises DocumentError if it is none."""
    if not _bearable(path):
        yield Page(1, 0.0, 0.0, How.UNREAD, reason=TOO_LARGE)
        return
    try:
        opened = _opened(path)
        count = opened.page_count
    except _FAULTS as error:
        raise errors.DocumentError(str(path), "the image is damaged and cannot be opened") from error
    with opened:
        if not count:
            raise errors.DocumentError(str(path), "the image has no page")
        for index in range(count):
            try:
                width, height = _size(opened[index], path)
            except _FAULTS as error:
                if count == 1:
                    raise errors.DocumentError(str(path), "the image is damaged and cannot be opened") from error
                yield Page(index + 1, 0.0, 0.0, How.UNREAD, reason="bad_picture")
            else:
                yield Page(index + 1, width, height, How.UNREAD, reason=NO_TEXT)


def count(path: Path) -> int | None:
    """Return how many pages a PDF or an image has; None if it cannot be opened."""
    try:
        if not _bearable(path):
            return None
        with _opened(path) as document:
            return int(document.page_count)
    except _FAULTS:
        return None


def picture(path: Path, number: int) -> Picture | None:
    """Return a page (from 1) at about the resolution it was scanned at; None if it cannot be drawn."""
    try:
        if not _bearable(path):
            return None
        with _opened(path) as document:
            page = document[number - 1]
            size = _size(page, path)
            drawn = _pixels(page, _resolution(page, size) * size[0] / page.rect.width)
            return Picture(bytes(drawn.samples), drawn.width, drawn.height, size)
    except (*_FAULTS, MemoryError):
        return None
    finally:
        # Decoded pictures would stay in the store of the library.
        pymupdf.TOOLS.store_shrink(100)


def png(path: Path, number: int, dpi: float) -> bytes | None:
    """Return a page (from 1) as a PNG file, at so many dots an inch or fewer; None if it cannot be drawn."""
    try:
        if not _bearable(path):
            return None
        with _opened(path) as document:
            page = document[number - 1]
            return bytes(_pixels(page, dpi * _size(page, path)[0] / page.rect.width).tobytes("png"))
    except (*_FAULTS, MemoryError):
        return None


def behind(path: Path, page: Page, zoom: float) -> Picture | None:
    """Return a page in the frame in which its words stand, at so many pixels a point; None if it cannot be drawn."""
    try:
        if page.number is None or not _bearable(path):
            return None
        with _opened(path) as document:
            displayed = document[page.number - 1]
            width, height = _size(displayed, path)
            way = pymupdf.Matrix(width / displayed.rect.width, height / displayed.rect.height) * _upright(page)
            moved = displayed.get_pixmap(matrix=way * pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csRGB, alpha=False)
            frame = pymupdf.IRect(0, 0, round(page.width * zoom), round(page.height * zoom))
            drawn = pymupdf.Pixmap(pymupdf.csRGB, frame, False)
            drawn.clear_with(_WHITE)
            drawn.copy(moved, frame)
            return Picture(bytes(drawn.samples), drawn.width, drawn.height, (page.width, page.height))
    except (*_FAULTS, MemoryError):
        return None
    finally:
        pymupdf.TOOLS.store_shrink(100)


def _upright(page: Page) -> pymupdf.Matrix:
    """Return what takes a point of the page as displayed to where the words of a page stand."""
    way = page.upright
    return ~pymupdf.Matrix(way.a, way.b, way.c, way.d, way.e, way.f) if way else pymupdf.Matrix(1, 1)


def _opened(path: Path) -> pymupdf.Document:
    """Return the file opened; a large PNG is drawn in pieces."""
    known = _large_png(path)
    return (large.document(path, known) if known else None) or pymupdf.open(str(path))


def _large_png(path: Path) -> large.Head | None:
    known = large.head(path)
    return known if known and known.width * known.height > _LARGE else None


def _bearable(path: Path) -> bool:
    """Tell whether a file can be drawn in the memory there is: no image that has to be decoded whole is too large."""
    known = _large_png(path)
    return known is None or known.width * known.height <= _MOST_DECODED or known.plain


def _size(page: pymupdf.Page, path: Path) -> tuple[float, float]:
    """Return width and height of a page as displayed; an image that says nonsense about them is as long as A4."""
    width, height = page.rect.width, page.rect.height
    longest = max(width, height)
    if path.suffix.lower() == ".pdf" or longest <= 0:
        return width, height
    fine = longest < _SHORTEST and any(dpi > _FINEST for _, dpi in _pictures(page))
    scale = _A4 / longest if longest > _LONGEST or fine else 1.0
    return width * scale, height * scale


def _resolution(page: pymupdf.Page, size: tuple[float, float]) -> float:
    """Return the dots per inch of the largest pictures on a page of this size."""
    shrunk = size[0] / page.rect.width
    found = list(_pictures(page))
    largest = max((area for area, _ in found), default=0.0)
    printed = max((dpi / shrunk for area, dpi in found if area > largest / 2), default=0.0)
    # What is beside a small picture was not scanned with it.
    least = _LEAST if largest > _MOST_OF_PAGE * page.rect.width * page.rect.height else _USUAL
    return min(max(printed, least), _MOST)


def _pictures(page: pymupdf.Page) -> Iterator[tuple[float, float]]:
    """Yield the area of every picture on a page and its dots per inch, in the direction where they are closer."""
    for image in page.get_image_info():
        a, b, c, d, *_ = image["transform"]
        wide, high = max(math.hypot(a, b), 1.0), max(math.hypot(c, d), 1.0)
        yield wide * high, max(image["width"] / wide, image["height"] / high) * _POINTS


def _pixels(page: pymupdf.Page, dpi: float) -> pymupdf.Pixmap:
    """Return a page drawn at so many dots per inch, or with the most pixels that are drawn."""
    area = max(page.rect.width * page.rect.height, 1.0)
    dpi = min(dpi, (_MOST_PIXELS / area) ** 0.5 * _POINTS)
    zoom = (round(dpi) if dpi > _LEAST / 2 else dpi) / _POINTS
    return page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csRGB, alpha=False)
