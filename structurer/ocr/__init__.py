"""Words and rulings of a page that is only a picture: a scan.

The packages that this takes are an extra. They are loaded when the first page is recognised, not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.records import Picture, Ruling, Word

MISSING = "scanned pages need the recogniser: pip install 'structurer[ocr]'"
FAILED, BLANK = "failed", "blank"
_PACKAGES = ("rapidocr", "onnxruntime", "cv2", "numpy")


@dataclass(frozen=True)
class Scan:
    """What was recognised, in points of the page after it was turned upright and straightened."""

    words: tuple[Word, ...]
    rulings: tuple[Ruling, ...]
    width: float
    height: float
    turned: int
    """By how many degrees the picture was turned clockwise: 0, 90, 180 or 270."""
    skew: float
    """By how many degrees it was turned clockwise after that, to straighten it."""
    reason: str | None
    """Why nothing could be read: `bad_picture`, `too_large`, `too_small`, `blank`, `black`, `no_text`;
    `failed` with the name of the fault; of a page, not its picture: `no_memory`, `worker_died`."""


def unread(reason: str) -> Scan:
    """Return the scan of a page that nothing is known of but why."""
    return Scan((), (), 0.0, 0.0, 0, 0.0, reason)


def available() -> bool:
    """Tell whether the packages are installed; none is loaded for that."""
    return all(find_spec(name) for name in _PACKAGES)


def read(picture: Picture) -> Scan:
    """Recognise a page; a picture that cannot be read comes back with a reason, not as an exception."""
    page = import_module("structurer.ocr.page")
    try:
        scan: Scan = page.recognise(picture)
    except page.FAULTS as error:
        return unread(f"{FAILED}: {type(error).__name__}")
    return scan


def agrees(picture: Picture, words: Sequence[Word]) -> bool:
    """Tell whether a page displays what its text layer says, as far as some of its figures show."""
    return bool(import_module("structurer.ocr.sample").agrees(picture, words))
