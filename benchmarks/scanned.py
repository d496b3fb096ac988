"""How scans are read, by condition: figures read exactly, figures wrong with a mark and without.

    python -m benchmarks.scanned
    python -m benchmarks.scanned --documents golden/quyang-2024 --conditions clean messy --dpi 150 300 --misses

The golden excerpts are scanned by `tests/scans.py` and recognised page by page. What a figure that is exact, wrong,
marked or silent is, docs/golden.md defines.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import pymupdf

from structurer import catalog, golden, pipeline, reread
from structurer.golden import judging, printed

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

import scans  # noqa: E402  the tests' own scanner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Data = Mapping[str, Any]

GOLDEN = CHECKOUT / "golden"


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
    score = golden.score(result, truth, reread.figures(result, known))
    return Outcome(
        folder.name,
        condition.name,
        condition.dpi,
        len(scanned),
        took,
        score.figures.total,
        score.figures.hit,
        tuple(told(task, one, scanned) for one in score.wrong),
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
    return tuple(sorted({cell.page for cell in printed.cells(truth) if cell.role == "figure" and cell.page}))


def told(task: Task, one: judging.Wrong, scanned: Sequence[scans.Scanned]) -> Wrong:
    """Return a wrong figure with the page of the excerpt that it stands on."""
    folder, condition, _, _ = task
    page = scanned[one.page - 1].source if one.page else 0
    where = tuple(round(edge) for edge in one.box or ())
    marks = ", ".join(one.marks)
    return Wrong(folder.name, condition.name, condition.dpi, page, one.printed, one.read, one.confidence, where, marks)


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
