"""Pictures of lines to text: the recogniser alone, without its detector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from structurer.ocr.extra import cv2, np, rapidocr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.ocr.extra import Pixels

# The recogniser scales every line to this height and pads a batch to its widest line, but at least to this width.
_HEIGHT, _LEAST = 48, 48
# Lines of nearly one width go together; more at once is no faster.
_BATCH = 6
# A line is read in pieces no longer than so many heights: longer ones have left what it was trained on.
_LONGEST = 40
_SETTINGS = {
    "Global.use_det": False,
    "Global.use_cls": False,
    "Global.log_level": "error",
    "Rec.rec_img_shape": [3, _HEIGHT, _LEAST],
    "Rec.rec_batch_num": _BATCH,
}
FAULT: Any = import_module("rapidocr.inference_engine.onnxruntime.main").ONNXRuntimeError
"""What the recogniser raises where its model fails."""
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class Reading:
    """What one line says."""

    text: str
    confidence: float
    """Of the least sure character where the line has a digit, else of all characters in the middle."""


NOTHING = Reading("", 0.0)


def read(lines: Sequence[Pixels]) -> list[Reading]:
    """Recognise lines: grey pictures of any size, dark on light."""
    if not lines:
        return []
    result = _engine()(_input()(img=[cv2.cvtColor(line, cv2.COLOR_GRAY2BGR) for line in lines], return_word_box=True))
    words = result.word_results
    return [_reading(text, [float(c) for c in word.confs]) for text, word in zip(result.txts, words, strict=True)]


def _reading(text: str, sure: list[float]) -> Reading:
    if not text.strip() or not sure:
        return NOTHING
    least = not _DIGITS.isdisjoint(text)
    return Reading(text.strip(), min(sure) if least else sum(sure) / len(sure))


@cache
def _engine() -> Any:  # noqa: ANN401  a package without types
    # A process that holds OpenCV to its share of the cores holds the recogniser to it, too.
    threads = cv2.getNumThreads() if cv2.getNumThreads() < cv2.getNumberOfCPUs() else -1
    whole = rapidocr().RapidOCR(params={**_SETTINGS, "EngineConfig.onnxruntime.intra_op_num_threads": threads})
    # The recogniser is loaded by the first picture.
    whole(np.full((_HEIGHT, _HEIGHT, 3), 255, np.uint8), use_det=False, use_cls=False, use_rec=True)
    return whole.text_rec


@cache
def _input() -> Any:  # noqa: ANN401  a package without types
    return import_module("rapidocr.ch_ppocr_rec").TextRecInput
