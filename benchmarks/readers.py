"""Whole documents read by one tool, in a process of its own: how long each takes, how much memory, what is read.

    python -m benchmarks.readers pdfplumber read.jsonl warm-up.pdf one.pdf another.pdf

The first document is read before the clock runs: imports, schemas and caches are nobody's time. A document's time is
that from its path to the text of every cell of every table on every page.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structurer.catalog import Catalog
    from structurer.records import Grid, Sheet

    Table = list[list[str | None]]
    Pages = list[list[Table]]
    """The tables of each page."""


@cache
def catalog() -> Catalog:
    from structurer import catalog

    return catalog.load()


def extraction(path: Path) -> dict[str, Any]:
    """Return the whole result of structurer, with its findings."""
    from structurer import pipeline

    return pipeline.extract_file(path, catalog())


def layout(path: Path) -> Pages:
    """Return structurer's grids, joined over pages, as what of them stands on each page."""
    from structurer import document, layout

    pages: dict[int | None, list[Table]] = {}

    def sheets() -> Iterator[Sheet]:
        for page in document.open_pages(path):
            pages[page.number] = []
            yield layout.sheet(page)

    for chunk in layout.tables(sheets(), catalog().lexicon):
        for number, table in by_page(chunk.grid) if chunk.grid else ():
            pages[number].append(table)
    return list(pages.values())


def by_page(grid: Grid) -> Iterator[tuple[int | None, Table]]:
    """Yield what of a grid stands on each of its pages."""
    pages: dict[int | None, Table] = defaultdict(lambda: [[None] * grid.n_columns for _ in range(grid.n_rows)])
    for cell in grid.cells:
        for part in cell.parts:
            row = pages[part.page][cell.row]
            row[cell.column] = (row[cell.column] or "") + part.text
    yield from pages.items()


def pymupdf(path: Path) -> Pages:
    import pymupdf

    with pymupdf.open(path) as pdf:
        return [[table.extract() for table in page.find_tables()] for page in pdf]


def pdfplumber(path: Path) -> Pages:
    import pdfplumber

    pages = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            pages.append(page.extract_tables())
            # As its manual advises: else every page stays in memory.
            page.close()
    return pages


def camelot(path: Path, **settings: object) -> Pages:
    import camelot

    pages: dict[int, list[Table]] = defaultdict(list)
    for table in camelot.read_pdf(str(path), pages="all", flavor="lattice", **settings):
        pages[table.page].append(table.data)
    return [pages[number] for number in range(1, max(pages, default=0) + 1)]


def camelot_split(path: Path) -> Pages:
    return camelot(path, split_text=True)


READERS: dict[str, Callable[[Path], Any]] = {
    "structurer": extraction,
    "layout": layout,
    "pymupdf": pymupdf,
    "pdfplumber": pdfplumber,
    "camelot": camelot,
    "camelot_split": camelot_split,
}


def peak() -> int:
    """Return the most memory that this process has held (kB)."""
    # Not ru_maxrss where there is a choice: a child's starts at the peak of its parent.
    status = Path("/proc/self/status")
    told = re.search(r"VmHWM:\s*(\d+)", status.read_text()) if status.exists() else None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return int(told[1]) if told else most


def main() -> int:
    """Read, and write a line of JSON a document; what was read of it is not kept in memory."""
    name, out, warm_up, *paths = sys.argv[1:]
    read = READERS[name]
    read(Path(warm_up))
    with Path(out).open("w", encoding="utf-8") as file:
        for path in paths:
            start = time.perf_counter()
            found = read(Path(path))
            seconds = time.perf_counter() - start
            json.dump({"seconds": seconds, "peak": peak(), "read": found}, file)
            file.write("\n")
            del found
    return 0


if __name__ == "__main__":
    sys.exit(main())
