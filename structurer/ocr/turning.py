"""Which way up a page lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.ocr import recogniser
from structurer.ocr.extra import cv2, np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.ocr.extra import Pixels

# Characters this close are of one line (share of their height).
_CLOSE = 0.45
# So many lines are tried both ways, none shorter or longer than so many heights; upright ones are read this well.
_TRIED, _SHORT, _LONG, _WELL = 8, 1.8, 14.0, 0.93


def lies_on_its_side(ink: Pixels, em: float) -> bool:
    """Tell whether the lines of text run up and down: characters stand closer in a line than lines do."""
    reach = max(2, round(_CLOSE * em))
    along, across = (_blobs(ink, shape) for shape in ((1, reach), (reach, 1)))
    return across < along


def _blobs(ink: Pixels, shape: tuple[int, int]) -> int:
    """Return how many blobs are left when ink grows in one direction."""
    return int(cv2.connectedComponents(cv2.dilate(ink, np.ones(shape, np.uint8)))[0])


def is_upside_down(lines: Sequence[Pixels]) -> bool:
    """Tell whether lines are read better when turned by 180 degrees."""
    fit = [line for line in lines if _SHORT < line.shape[1] / line.shape[0] < _LONG]
    step = len(fit) // _TRIED + 1
    tried = fit[::step]
    upright = _success(tried)
    if not tried or upright > _WELL:
        return False
    return _success([np.ascontiguousarray(line[::-1, ::-1]) for line in tried]) > upright


def _success(lines: Sequence[Pixels]) -> float:
    readings = recogniser.read(lines)
    return sum(reading.confidence for reading in readings) / max(1, len(readings))
