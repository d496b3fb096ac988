"""Open any input and yield its pages: words and rulings, or blocks where the file says itself what is a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import errors, files
from structurer.document import docx, dump, markup, pdf, pictures
from structurer.records import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from structurer.records import Page, Picture

READERS: dict[str, tuple[str, Callable[[Path], Iterator[Page]]]] = {
    ".pdf": ("application/pdf", pdf.pages),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx.pages),
    ".txt": ("text/plain", dump.pages),
    ".md": ("text/markdown", markup.pages),
    ".markdown": ("text/markdown", markup.pages),
    ".html": ("text/html", markup.pages),
    ".htm": ("text/html", markup.pages),
    ".png": ("image/png", pictures.pages),
    ".jpg": ("image/jpeg", pictures.pages),
    ".jpeg": ("image/jpeg", pictures.pages),
    ".tif": ("image/tiff", pictures.pages),
    ".tiff": ("image/tiff", pictures.pages),
}
"""By file ending: the media type and the reader."""

# Dots per inch of a page's picture for a model: small print stays legible.
_PICTURE = 150
_DRAWN = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"})


def source(path: Path) -> Source:
    """Return the identity of the file; raises DocumentError if it cannot be read or its kind is not known."""
    media_type, _ = _reader(path)
    try:
        digest = files.digest(path)
    except OSError as error:
        raise errors.DocumentError(str(path), error.strerror or "cannot be read") from error
    return Source(path.name, digest, media_type)


def open_pages(path: Path) -> Iterator[Page]:
    """Yield the pages of the file one by one; raises DocumentError if it is not what its name says."""
    _, pages = _reader(path)
    return pages(path)


def page_count(path: Path) -> int | None:
    """Return how many pages there are to be drawn; None for an input that has none."""
    return pictures.count(path) if path.suffix.lower() in _DRAWN else None


def picture(path: Path, number: int | None) -> Picture | None:
    """Return a page as it looks; None where there is nothing to be drawn."""
    return pictures.picture(path, number) if number is not None and path.suffix.lower() in _DRAWN else None


def behind(path: Path, page: Page, zoom: float) -> Picture | None:
    """Return a page as it looks where its words stand, at so many pixels a point; None if it cannot be drawn."""
    return pictures.behind(path, page, zoom) if path.suffix.lower() in _DRAWN else None


def drawn(path: Path, numbers: Iterable[int | None]) -> tuple[bytes, ...]:
    """Return pages as PNG files; none for an input that has no pages to be drawn."""
    if path.suffix.lower() not in _DRAWN:
        return ()
    found = (pictures.png(path, number, _PICTURE) for number in numbers if number is not None)
    return tuple(png for png in found if png is not None)


def _reader(path: Path) -> tuple[str, Callable[[Path], Iterator[Page]]]:
    if not path.exists():
        raise errors.DocumentError(str(path), "there is no such file")
    if path.is_dir():
        raise errors.DocumentError(str(path), "this is a folder, a file is expected")
    if path.stat().st_size == 0:
        raise errors.DocumentError(str(path), "the file is empty")
    found = READERS.get(path.suffix.lower())
    if found is None:
        known = " ".join(READERS)
        raise errors.DocumentError(str(path), f"unknown file ending {path.suffix or '(none)'}; known are {known}")
    return found
