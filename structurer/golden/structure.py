"""How alike the grids that were found on the pages are to the printed tables and cards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer.golden import teds
from structurer.golden.printed import canon
from structurer.golden.teds import F1, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from structurer.golden.printed import Data
    from structurer.records import Grid


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike one printed table or card and its grid are; 0 where no grid is it."""

    item: str
    """Its id in the truth."""
    teds: float
    shape: float
    """TEDS-Struct: the texts left aside."""


@dataclass(frozen=True, slots=True)
class Structure:
    """How alike all grids of a document are to what is printed."""

    items: tuple[Likeness, ...]
    cells: F1
    """Cells with their spans and texts."""
    figures: F1
    """Cells that are figures, by row and column."""

    @property
    def teds(self) -> float | None:
        """The mean over all printed tables and cards."""
        return _mean([item.teds for item in self.items])

    @property
    def shape(self) -> float | None:
        """The mean of TEDS-Struct."""
        return _mean([item.shape for item in self.items])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def structure(grids: Iterable[Grid], truth: Data) -> Structure:
    """Return how alike grids are to the printed tables and cards; a grid that is none of them is read wrongly."""
    read = [teds.normalised(Cell(c.row, c.column, c.rowspan, c.colspan, c.text) for c in grid.cells) for grid in grids]
    printed = [teds.normalised(map(_cell, item["cells"])) for item in truth["tables"]]
    pairs = _paired(printed, read)
    likenesses, counts = [], Counter[tuple[bool, str]]()
    for number, item in enumerate(truth["tables"]):
        own = read[pairs[number]] if number in pairs else ()
        heads = item["header_rows"], item["header_rows"]
        alike = [teds.teds(printed[number], own, header_rows=heads, texts=texts) for texts in (True, False)]
        likenesses.append(Likeness(item["id"], *alike))
        _count(counts, own, printed[number])
    for number in set(range(len(read))) - set(pairs.values()):
        _count(counts, read[number], ())
    return Structure(tuple(likenesses), *(_rates(counts, figures=figures) for figures in (False, True)))


def _cell(told: Data) -> Cell:
    return Cell(told["r"], told["c"], told.get("rowspan", 1), told.get("colspan", 1), told["text"])


def _count(counts: Counter[tuple[bool, str]], read: Sequence[Cell], printed: Sequence[Cell]) -> None:
    for figures in (False, True):
        one = teds.cell_f1(read, printed, figures=figures)
        counts.update({(figures, "hit"): one.hit, (figures, "read"): one.read, (figures, "printed"): one.printed})


def _rates(counts: Counter[tuple[bool, str]], *, figures: bool) -> F1:
    return teds.rates(counts[figures, "hit"], counts[figures, "read"], counts[figures, "printed"])


def _paired(printed: Sequence[Sequence[Cell]], read: Sequence[Sequence[Cell]]) -> dict[int, int]:
    """Return for each printed table the grid that shares most texts with it; one grid is one table."""
    own, its = (
        [Counter(canon(cell.text) for cell in cells if cell.text) for cells in both] for both in (printed, read)
    )
    shared = sorted(
        ((one & other).total(), -number, -at) for number, one in enumerate(own) for at, other in enumerate(its)
    )
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for common, number, at in reversed(shared):
        if common and -number not in pairs and -at not in used:
            pairs[-number] = -at
            used.add(-at)
    return pairs
