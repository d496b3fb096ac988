"""How scans are read, by condition: figures read exactly, figures wrong with a mark and without.

    python -m benchmarks.scanned
    python -m benchmarks.scanned --documents golden/quyang-2024 --conditions clean messy --dpi 150 300 --misses

The golden excerpts are scanned by `tests/scans.py` and recognised page by page. A printed figure is *exact* when a
value of the result is it, digit for digit, and stands in its place on the page; one place serves for one figure. A
wrong one is *marked* when what was read in its place is in doubt, or when a finding of the check names it; else it is
*silent*. A figure of the result that is printed nowhere on its page is wrong, too, and judged alike.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
import tomllib
import zlib
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import pymupdf

from structurer import catalog, golden, pipeline
from structurer.golden import truth as judge

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

import scans  # noqa: E402  the tests' own scanner

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Data = Mapping[str, Any]

GOLDEN = CHECKOUT / "golden"
# A value's middle may stand so far outside the printed text (points): a box on a page askew is not exact.
SLACK = 11.0
# Findings that name the members of an equation that fails,
EQUATIONS = frozenset({"does_not_tie", "only_rounding", "total_absent", "truncated"})
# and those that say that a place, with all that is in it, was not understood.
PLACES = frozenset({"unknown_table", "unknown_kind", "row_numbers", "schema", "ungrounded", "not_text", "no_place"})
# The steps of a pointer that name an item: "", "tables", "3".
ITEM = 3


class Wrong(NamedTuple):
    """A figure that was not read as printed."""

    document: str
    condition: str
    dpi: int
    page: int
    """Of the excerpt."""
    printed: str
    """Empty where nothing is printed."""
    read: tuple[str, ...]
    confidence: tuple[float | None, ...]
    box: tuple[float, ...]
    """On the page as displayed."""
    marked: str
    """By what; empty if by nothing."""


class Outcome(NamedTuple):
    """How one document was read in one condition."""

    document: str
    condition: str
    dpi: int
    pages: int
    seconds: float
    figures: int
    exact: int
    wrong: tuple[Wrong, ...]
    invented: int
    moved: int
    """Exact figures that stand in another row or field of the result than their neighbours in print."""
    tables: golden.Share
    cards: golden.Share
    kinds: tuple[str, ...]
    """Of the tables and cards of the result."""

    @property
    def silent(self) -> int:
        return sum(not wrong.marked for wrong in self.wrong)


class Task(NamedTuple):
    """What a worker is to do."""

    folder: Path
    condition: scans.Condition
    seed: int
    pages: tuple[int, ...] | None = None


def measured(task: Task) -> Outcome:
    """Scan a document, read the scan, and compare it with what is printed."""
    folder, condition, seed, pages = task
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "scan.pdf"
        # Pages of one number are askew by different angles in different documents.
        drawn = zlib.crc32(f"{seed} {folder.name}".encode())
        scanned = scans.scan(folder / "excerpt.pdf", path, condition, drawn, pages)
        known = catalog.load()
        start = time.perf_counter()
        result = pipeline.extract_file(path, known, recognise="always")
        took = time.perf_counter() - start
    truth = displayed(truth, scanned)
    score = golden.score(result, truth, headings())
    judge = Judge(result, truth)
    figures, exact = judge.figures
    return Outcome(
        folder.name,
        condition.name,
        condition.dpi,
        len(scanned),
        took,
        figures,
        exact,
        tuple(
            Wrong(folder.name, condition.name, condition.dpi, scanned[number - 1].source, *rest)
            for number, *rest in judge.wrong()
        ),
        score.invented,
        sum(share.total - share.hit for share in (score.rows, score.columns)),
        score.tables,
        score.cards,
        kinds(result),
    )


def kinds(result: Data) -> tuple[str, ...]:
    """Return the kinds of the tables and cards of a result, in their order."""
    return tuple(item["kind"] for item in (*result["tables"], *result["cards"]))


def with_figures(folder: Path) -> tuple[int, ...]:
    """Return the pages that have figures."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return tuple(sorted({cell.page for cell in figures_of(truth).values()}))


def figures_of(truth: Data) -> dict[Spot, judge._Cell]:
    """Return the printed figures that a result must have; codes, row numbers and guide rows are none."""
    form, words = judge._form_labels(truth["tables"]), headings()
    return {
        Spot(index, cell.row, cell.column): cell
        for index, item in enumerate(truth["tables"])
        for cell in judge._cells(item, words, form)
        if cell.role == "figure"
    }


def headings() -> golden.Headings:
    return golden.headings(tomllib.loads((GOLDEN / "headings.toml").read_text(encoding="utf-8")))


def displayed(truth: Data, scanned: Sequence[scans.Scanned]) -> dict[str, Any]:
    """Return what is printed on the scanned pages, under their numbers in the scan, where it is displayed."""
    numbers = {page.source: number for number, page in enumerate(scanned, 1)}

    def lies(cell: Data) -> Data:
        page, box = cell["page"], cell.get("bbox")
        way = pymupdf.Matrix(*scanned[numbers[page] - 1].way) if page else None
        return {**cell, "page": numbers.get(page), "bbox": tuple(pymupdf.Rect(box) * way) if box and way else None}

    items = []
    for item in truth["tables"]:
        cells = [lies(cell) for cell in item["cells"] if cell["page"] in numbers or cell["page"] is None]
        if any(cell["text"] for cell in cells):
            items.append({**item, "cells": cells})
    said = [{**part, "page": numbers[part["page"]]} for part in truth["paragraphs"] if part["page"] in numbers]
    return {**truth, "tables": items, "paragraphs": said}


class Spot(NamedTuple):
    """A printed cell, known by its item, row and column."""

    item: int
    row: int
    column: int


class Judge:
    """A result beside what is printed."""

    def __init__(self, result: Data, truth: Data) -> None:
        self.result, self.truth = result, truth
        self.leaves = judge._leaves_by_page(result)
        self.cells = figures_of(truth)
        self.read = self._read()
        self.findings = result["verification"]["findings"]

    @property
    def figures(self) -> tuple[int, int]:
        """How many are printed, and how many of them are read exactly."""
        return len(self.cells), len(self.read)

    def _read(self) -> dict[Spot, tuple[int | None, tuple[float, ...]]]:
        """Return where each figure that is exact was read: the nearest places first, each for one figure."""
        near = sorted(
            (_apart(leaf.box, cell.box), spot, (cell.page, tuple(leaf.box)))
            for spot, cell in self.cells.items()
            for leaf in self.leaves.get(cell.page, ())
            if leaf.figure == judge._figure(cell.text) and _inside(leaf.box, cell.box)
        )
        read: dict[Spot, tuple[int | None, tuple[float, ...]]] = {}
        taken = set()
        for _, spot, place in near:
            if spot not in read and place not in taken:
                read[spot] = place
                taken.add(place)
        return read

    def wrong(self) -> Iterator[tuple[Any, ...]]:
        """Yield each figure that is wrong: page, print, what was read, how surely, where, and its marks."""
        taken, told = set(self.read.values()), set()
        for spot, cell in self.cells.items():
            if spot in self.read:
                continue
            here = [
                leaf
                for leaf in self.leaves.get(cell.page, ())
                if leaf.box
                and (cell.page, tuple(leaf.box)) not in taken
                and (
                    _covers(leaf.box, cell.box)
                    or (_inside(leaf.box, cell.box) and self._nearest(leaf, cell.page) == spot)
                )
            ]
            told.update(leaf.pointer for leaf in here)
            marks = self._marks(cell.page, here)
            if all(leaf.figure is None for leaf in here):
                marks |= self._around(spot)
            yield self._told(cell.page, cell.text, here, cell.box, marks)
        for page, leaf in self._invented():
            if leaf.pointer not in told:
                yield self._told(page, "", [leaf], leaf.box, self._marks(page, [leaf]))

    def _nearest(self, leaf: judge._Leaf, page: int | None) -> Spot:
        """Return the wrong figure that a value stands nearest to: what was read beside it speaks for another."""
        lacking = [spot for spot, cell in self.cells.items() if cell.page == page and spot not in self.read]
        return min(lacking, key=lambda spot: _apart(leaf.box, self.cells[spot].box))

    def _told(
        self, page: int | None, text: str, here: Sequence[judge._Leaf], box: golden.Box | None, marks: Collection[str]
    ) -> tuple[Any, ...]:
        sure = tuple(self.result["provenance"][leaf.pointer].get("confidence") for leaf in here)
        where = tuple(round(edge) for edge in box or ())
        return page, text, tuple(leaf.text for leaf in here), sure, where, ", ".join(sorted(marks))

    def _invented(self) -> Iterator[tuple[int | None, judge._Leaf]]:
        """Yield the figures of the result that are printed nowhere on their page, one of each place."""
        printed = {page: judge._invented({page: found}, self.truth) for page, found in self.leaves.items()}
        seen = set()
        for page, found in self.leaves.items():
            for leaf in found if printed[page] else ():
                place = (page, tuple(leaf.box or ()), leaf.figure)
                if place not in seen and judge._invented({page: [leaf]}, self.truth):
                    seen.add(place)
                    yield page, leaf

    def _marks(self, page: int | None, here: Iterable[judge._Leaf]) -> set[str]:
        """Return what tells that these values may be wrong."""
        marks = {
            f"unread page: {finding['facts'].get('reason')}"
            for finding in self.findings
            if finding["code"] == "unread_page" and finding["page"] == page
        }
        for leaf in here:
            if self.result["provenance"][leaf.pointer].get("doubtful"):
                marks.add("doubtful")
            for finding in self.findings:
                if leaf.pointer in self._members(finding) or _within(leaf.pointer, finding):
                    marks.add(finding["code"])
        return marks

    def _members(self, finding: Data) -> set[str]:
        """Return the pointers that the finding of an equation names; of absent totals it tells only the first."""
        if finding["code"] not in EQUATIONS:
            return set()
        named = {finding["where"], *finding["operands"]}
        if finding["code"] == "total_absent":
            item = _item(finding["where"])
            for equation in self.result["verification"]["equations"]["list"]:
                if equation["rule"] == finding["rule"] and not equation["stated"] and _item(equation["where"]) == item:
                    named.update(equation["operands"])
        return named

    def _around(self, spot: Spot) -> set[str]:
        """Return what tells that a figure is lost of which nothing was read.

        That is an equation that fails, all of whose other members stand in its row, or in its column around it or next
        to it; or a finding about the item in which its neighbours were read.
        """
        marks = set()
        spots = self._spots()
        items = [_item(pointer) for pointer, other in spots.items() if other.item == spot.item]
        mine = max(set(items), key=items.count, default=None)
        for finding in self.findings:
            if finding["code"] in PLACES and finding["where"] and finding["where"] == mine:
                marks.add(finding["code"])
            known = [spots[pointer] for pointer in self._members(finding) if pointer in spots]
            if not known or any(other.item != spot.item for other in known):
                continue
            rows = [other.row for other in known]
            in_column = {other.column for other in known} == {spot.column}
            # The first or last row of a sum may be the one that is lost.
            if set(rows) == {spot.row} or (in_column and min(rows) - 1 <= spot.row <= max(rows) + 1):
                marks.add(f"{finding['code']} around it")
        return marks

    def _spots(self) -> dict[str, Spot]:
        """Return the printed cells of the values that are read exactly, by pointer."""
        places: dict[tuple[int | None, tuple[float, ...]], Spot] = {place: spot for spot, place in self.read.items()}
        return {
            leaf.pointer: places[page, tuple(leaf.box)]
            for page, found in self.leaves.items()
            for leaf in found
            if leaf.box and (page, tuple(leaf.box)) in places
        }


def _item(pointer: str) -> str:
    return "/".join(pointer.split("/")[:ITEM])


def _within(pointer: str, finding: Data) -> bool:
    """Tell whether a finding says of the place of a value that it was not understood."""
    where = finding["where"]
    return finding["code"] in PLACES and bool(where) and f"{pointer}/".startswith(f"{where}/")


def _middle(box: golden.Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _apart(one: golden.Box, other: golden.Box) -> float:
    (x, y), (left, top) = _middle(one), _middle(other)
    return ((x - left) ** 2 + (y - top) ** 2) ** 0.5


def _inside(box: golden.Box | None, cell: golden.Box | None) -> bool:
    """Tell whether the middle of a box stands in a printed cell."""
    if not box or not cell:
        return False
    x, y = _middle(box)
    return cell[0] - SLACK <= x <= cell[2] + SLACK and cell[1] - SLACK <= y <= cell[3] + SLACK


def _covers(box: golden.Box, cell: golden.Box) -> bool:
    """Tell whether a box covers the middle of a printed cell."""
    x, y = _middle(cell)
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


# The report.

HEADS = (
    "condition",
    "dpi",
    "figures",
    "exact",
    "%",
    "wrong, marked",
    "wrong, silent",
    "silent per 1000",
    "invented",
    "moved",
    "tables",
    "cards",
    "s a page",
)


def report(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield the table, a line each condition and resolution."""
    by: dict[tuple[str, int], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by[outcome.condition, outcome.dpi].append(outcome)
    yield f"| {' | '.join(HEADS)} |"
    yield f"|---|{'---:|' * (len(HEADS) - 1)}"
    for (condition, dpi), these in by.items():
        yield f"| {condition} | {dpi} | {' | '.join(line(these))} |"
    if len(by) > 1:
        yield f"| all | | {' | '.join(line([outcome for these in by.values() for outcome in these]))} |"


def line(these: Sequence[Outcome]) -> Iterator[str]:
    """Yield the numbers of some outcomes."""
    figures, exact = sum(one.figures for one in these), sum(one.exact for one in these)
    wrong, silent = sum(len(one.wrong) for one in these), sum(one.silent for one in these)
    yield str(figures)
    yield str(exact)
    yield f"{Decimal(100 * exact) / max(figures, 1):.2f}"
    yield str(wrong - silent)
    yield str(silent)
    yield f"{Decimal(1000 * silent) / max(figures, 1):.1f}"
    yield str(sum(one.invented for one in these))
    yield str(sum(one.moved for one in these))
    for shares in ([one.tables for one in these], [one.cards for one in these]):
        yield f"{sum(share.hit for share in shares)}/{sum(share.total for share in shares)}"
    yield f"{sum(one.seconds for one in these) / max(sum(one.pages for one in these), 1):.1f}"


def missed(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield each wrong figure, those without a mark first."""
    wrong = [one for outcome in outcomes for one in outcome.wrong]
    for one in sorted(wrong, key=lambda one: bool(one.marked)):
        read = ", ".join(
            text[:40] + (f" ({sure})" if sure is not None else "")
            for text, sure in zip(one.read, one.confidence, strict=True)
        )
        yield (
            f"{one.document} p.{one.page} {one.condition} {one.dpi} {list(one.box)}: "
            f"{one.printed or 'nothing'} is printed, {read or 'nothing'} is read; {one.marked or 'SILENT'}"
        )


def _share(workers: int) -> int:
    """Return the threads of each worker; the recogniser takes as many as OpenCV may."""
    return max(1, cv2.getNumberOfCPUs() // workers)


def main() -> int:
    """Scan, read, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=Path, nargs="+", help="folders with excerpt.pdf and truth.json")
    parser.add_argument("--conditions", nargs="+", choices=scans.PRESETS, default=list(scans.PRESETS))
    parser.add_argument("--dpi", type=int, nargs="+", choices=scans.DPI, default=[200])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--figures", action="store_true", help="scan only the pages that have figures: faster")
    parser.add_argument("--misses", action="store_true", help="tell each wrong figure")
    given = parser.parse_args()
    folders = given.documents or sorted(GOLDEN.glob("*"))
    folders = [folder for folder in folders if (folder / "truth.json").is_file()]
    todo = [
        Task(folder, scans.at(name, dpi), given.seed, with_figures(folder) if given.figures else None)
        for dpi in given.dpi
        for name in given.conditions
        for folder in folders
    ]
    outcomes = []
    # Spawned: the recogniser's threads do not outlive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.workers, context, cv2.setNumThreads, (_share(given.workers),)) as pool:
        for outcome in pool.map(measured, todo):
            outcomes.append(outcome)
            said = f"{outcome.document} {outcome.condition} {outcome.dpi}: {outcome.exact} of {outcome.figures} exact"
            sys.stderr.write(f"{said}, {outcome.silent} silent, {outcome.seconds:.0f} s\n")
    sys.stdout.write("\n".join([*report(outcomes), "", *(missed(outcomes) if given.misses else ())]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
