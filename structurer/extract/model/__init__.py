"""What a model adds to the reading by layout: it names cells, the program copies digits and marks every doubt."""

from __future__ import annotations

from structurer.extract.model.grids import Asked, is_whole, of_layout, reading
from structurer.extract.model.lines import Lined, regions
from structurer.extract.model.lines import reading as of_lines
from structurer.extract.model.marks import Mark, Reading
from structurer.extract.model.talk import Dialogue, Way, held

__all__ = [
    "Asked",
    "Dialogue",
    "Lined",
    "Mark",
    "Reading",
    "Way",
    "held",
    "is_whole",
    "of_layout",
    "of_lines",
    "reading",
    "regions",
]
