"""A reader of pages that recognises nothing: light, for it is loaded by every process that uses it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from structurer.ocr import Scan
from structurer.records import Box, Word


@dataclass(frozen=True)
class Reader:
    """Says of a page its number, and in the width of which process; one page ends it, one is a fault of ours."""

    deadly: int = 0
    faulty: int = 0

    def stored(self, _: int | None) -> Scan | None:
        return None

    def __call__(self, number: int | None) -> Scan | None:
        if number == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.faulty:
            raise ValueError(number)
        return Scan((Word(str(number), Box(0, 0, 1, 1)),), (), os.getpid(), 0, 0, 0, None)
