"""How well the five disclosures are read, in every form, written down: docs/scoreboard.md.

    python -m benchmarks.scoreboard --out docs/scoreboard.md

The whole disclosures are read if they are here (../shared/disclosures); the golden excerpts always, by layout alone
and, where answers of a model are recorded, with them.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer import __version__, catalog, golden, pipeline
from structurer.golden import folder as folders
from structurer.pipeline import Recognition
from structurer.regression import measuring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from structurer.golden import Share
    from structurer.golden.judging import Wrong
    from structurer.regression.measuring import Measures

    Data = Mapping[str, Any]

CHECKOUT = Path(__file__).parent.parent
GOLDEN = CHECKOUT / "golden"
WHOLE = CHECKOUT.parent / "shared" / "disclosures"
FORMS = {"PDF": ".pdf", "DOCX": ".docx", "text dump": ".txt", "scan": ".scan.pdf"}
PACKAGES = ("pymupdf", "rapidocr", "onnxruntime", "opencv-python-headless")
HEADS = (
    "document",
    "figures",
    "precision",
    "recall",
    "F1",
    "wrong",
    "silent",
    "silent %",
    "rows",
    "columns",
    "texts",
    "claims",
    "TEDS",
    "cell F1",
    "proof",
    "complete",
)
# So many wrong figures of a document are listed.
MOST = 12


class Entry(NamedTuple):
    """One document in one form, measured."""

    form: str
    measures: Measures


def whole() -> Iterator[Entry]:
    """Yield the whole disclosures, form by form."""
    known = catalog.load()
    with tempfile.TemporaryDirectory() as temporary:
        for form, ending in FORMS.items():
            for truth_path in sorted(WHOLE.glob("*.truth.json")):
                name = truth_path.name.removesuffix(".truth.json")
                path, told = WHOLE / f"{name}{ending}", golden.truth(truth_path)
                told = of_scan(told) if form == "scan" else told
                how = Recognition(folder=Path(temporary))
                result = pipeline.extract_file(path, known, recognise=how)
                grids = measuring.read_grids(path, known, how)
                said(f"{name} {form}")
                yield Entry(form, measuring.of(result, known, name, told, grids, mutations=0, seed=0))


def excerpts() -> Iterator[Entry]:
    """Yield the golden excerpts, by layout alone and by what a model answered."""
    for recorded in sorted(GOLDEN.glob(f"*/{folders.RECORDED}")):
        found = measuring.measured(recorded.parent, mutations=0, seed=0)
        said(found.name)
        yield Entry("model" if found.asked else "layout", found)


def of_scan(truth: Data) -> Data:
    """Return the truth of the pages that the scan holds, under their numbers there."""
    pages = {entry["source_page"]: entry["scan_page"] for entry in truth["scan"]["pages"]}
    tables = []
    for table in truth["tables"]:
        cells = [{**cell, "page": pages[cell["page"]]} for cell in table["cells"] if cell["page"] in pages]
        if any(cell["r"] >= table["header_rows"] for cell in cells):
            tables.append({**table, "cells": cells})
    texts = [{**each, "page": pages[each["page"]]} for each in truth["paragraphs"] if each["page"] in pages]
    return {**truth, "tables": tables, "paragraphs": texts}


def said(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def row(name: str, these: Iterable[Measures]) -> str:
    """Return a line of the table: some documents together."""
    measures = list(these)
    scores = [one.score for one in measures if one.score is not None]
    structures = [one.structure for one in measures if one.structure is not None]
    figures = sum(score.figures.total for score in scores)
    silent = golden.total(score.silent for score in scores)
    cells = golden.total(golden.Share(2 * one.cells.hit, one.cells.read + one.cells.printed) for one in structures)
    alike = [item.teds for one in structures for item in one.items]
    told = (
        name,
        str(figures),
        percent(golden.total(score.precision for score in scores)),
        percent(golden.total(score.recall for score in scores)),
        percent(golden.total(score.f1 for score in scores)),
        str(sum(len(score.wrong) for score in scores)),
        str(silent.hit),
        f"{100 * silent.hit / silent.total:.2f}" if silent.total else "-",
        percent(golden.total(score.rows for score in scores)),
        percent(golden.total(score.columns_tables for score in scores)),
        percent(golden.total(share for score in scores for share in (score.table_text, score.card_text))),
        percent(golden.total(score.claims for score in scores)),
        f"{sum(alike) / len(alike):.3f}" if alike else "-",
        percent(cells),
        percent(golden.total(one.proof for one in measures)),
        percent(golden.total(one.complete for one in measures)),
    )
    return f"| {' | '.join(told)} |"


def percent(share: Share) -> str:
    """Return a share in percent, cut and not rounded up."""
    if not share.total:
        return "-"
    hundredths = 10_000 * share.hit // share.total
    return f"{hundredths // 100}.{hundredths % 100:02}"


def table(entries: Iterable[Entry], forms: Iterable[str]) -> Iterator[str]:
    """Yield a table a form, a line a document, and all together."""
    listed = list(entries)
    for form in forms:
        own = [entry.measures for entry in listed if entry.form == form]
        if own:
            yield from ["", f"### {form[:1].upper()}{form[1:]}", "", f"| {' | '.join(HEADS)} |"]
            yield f"|---|{'---:|' * (len(HEADS) - 1)}"
            yield from (row(one.name, [one]) for one in own)
            yield row("**all**", own)


def bad(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield what is wrong, those figures that nothing marks first."""
    for form, one in entries:
        wrong = sorted(one.score.wrong if one.score else (), key=lambda each: bool(each.marks))
        yield from (f"- {one.name}, {form}: {told(each)}" for each in wrong[:MOST])
        if len(wrong) > MOST:
            yield f"- {one.name}, {form}: {len(wrong) - MOST} more"


def told(one: Wrong) -> str:
    """Return a wrong figure in a line."""
    where = f"p. {one.page}, " if one.page else ""
    marks = ", ".join(one.marks) or "**silent**"
    return f"{where}`{one.printed or '-'}` printed, `{', '.join(one.read) or '-'}` read; {marks}"


def versions() -> str:
    """Return what took part."""
    found = [f"structurer {__version__} (schemas {catalog.load().digest[:12]})", f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def page(day: str) -> Iterator[str]:
    """Yield the whole page, line by line."""
    entire, short = (list(whole()) if WHOLE.is_dir() else []), list(excerpts())
    yield "# Scoreboard"
    yield ""
    yield f"Made by `make scoreboard` on {day} with {versions()}; nothing here is written by hand."
    yield ""
    yield "[golden.md](golden.md) defines the measures. Shares are percentages, cut and not rounded up; *silent* are"
    yield "wrong figures that nothing marks, which should be 0. All documents together are weighed by their"
    yield "figures; TEDS, by their tables and cards."
    if entire:
        yield ""
        yield "## Whole disclosures, by layout"
        yield from table(entire, FORMS)
    yield ""
    yield "## Golden excerpts, by layout and by a model's recorded answers"
    yield from table(short, ("layout", "model"))
    yield from asked(short)
    yield ""
    yield "## What is wrong"
    yield ""
    wrong = list(bad([*entire, *short]))
    yield from wrong or ["Nothing that is known."]


def asked(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield what the model's answers took."""
    found = [entry.measures.asked for entry in entries if entry.measures.asked]
    if found:
        counts = {name: sum(each[name] or 0 for each in found) for name in ("calls", "tokens_in", "tokens_out")}
        tokens = f"{counts['tokens_in']} tokens in and {counts['tokens_out']} out"
        yield from ["", f"The model was asked about every table and card, in {counts['calls']} calls of {tokens}."]


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="file to be written (default: standard output)")
    given = parser.parse_args()
    text = "\n".join(page(datetime.now(UTC).date().isoformat())) + "\n"
    if given.out is None:
        sys.stdout.write(text)
    else:
        given.out.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
